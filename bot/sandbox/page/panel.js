/** The side panel: what is up, what the npm registry holds, and each call that it got. */

import { fullTime } from "./dates.js";
import { byId, h, reconcile } from "./dom.js";

const PARTS = [
  { part: "bot", name: "npmtrust (the bot)" },
  { part: "registry", name: "npm registry", short: "npm" },
  { part: "slack_api", name: "Slack's API", short: "Slack's API" },
];

/** `turn(part, on)` stops or starts a part of the world. */
export function showPanel(registry, health, turn) {
  reconcile(byId("health"), PARTS.map((part) => ({
    key: part.part,
    signature: health[part.part],
    draw: () => drawHealth(part, health[part.part] === "up", turn),
  })));
  reconcile(byId("packages"), (registry.packages ?? []).map((item) => ({
    key: item.name,
    signature: JSON.stringify(item),
    draw: (old) => drawPackage(item, old),
  })));
  reconcile(byId("calls"), callEntries(registry.calls ?? []));
}

function drawHealth({ part, name, short }, isUp, turn) {
  const control = short && h("button", {
    type: "button",
    class: "button small",
    "data-focus": part,
    click: () => turn(part, !isUp),
  }, `${isUp ? "Stop" : "Start"} ${short}`);
  return h("li", { "data-testid": `health-${part}`, "data-health": isUp ? "up" : "down" },
    h("span", { class: isUp ? "dot up" : "dot down", "aria-hidden": "true" }),
    h("span", { class: "health-name" }, `${name} `, h("small", {}, isUp ? "up" : "down")),
    control);
}

function drawPackage(item, old) {
  const configurations = item.configurations ?? [];
  const count = configurations.length;
  const isNews = old && count > Number(old.dataset.count);
  return h("details", { class: "package", "data-count": String(count), open: Boolean(isNews || old?.open) },
    h("summary", { "data-focus": item.name },
      h("strong", {}, item.name),
      drawCount(configurations)),
    item.maintainers && h("p", { class: "hint" }, `${item.private ? "private, " : ""}maintained by ${item.maintainers.join(", ")}`),
    count ? configurations.map(drawConfiguration) : h("p", { class: "hint" }, "No trusted publisher."));
}

/** npm takes no publish through a configuration whose first two days went by without one. */
function drawCount(configurations) {
  const expired = configurations.filter((configuration) => configuration.expired).length;
  const trusted = configurations.length - expired;
  const words = [trusted && `${trusted} trusted`, expired && `${expired} expired`].filter(Boolean).join(", ");
  return h("span", { class: trusted ? "count some" : expired ? "count expired" : "count" }, words || "none");
}

function drawConfiguration(configuration) {
  const { source, file, environment } = readClaims(configuration);
  return h("div", { class: "configuration", "data-testid": "registry-configuration" },
    h("p", {}, h("span", { class: "provider" }, configuration.type), ` ${source}${file ? ` → ${file}` : ""}`),
    environment && h("p", { class: "hint" }, `environment ${environment}`),
    configuration.expired && h("p", { class: "hint" }, "Expired: nothing was published through it in its first two days."),
    h("p", { class: "permissions" }, (configuration.permissions ?? []).map((permission) => h("span", { class: "chip" }, PERMISSIONS[permission] ?? permission))),
    h("p", { class: "id", title: "npm’s id of this trust configuration" }, configuration.id));
}

const PERMISSIONS = { createPackage: "publish", createStagedPackage: "stage" };

/** Where the publisher is, by npm's claims of each provider. */
function readClaims({ claims = {}, environment }) {
  return {
    source: claims.repository ?? claims.project_path ?? claims["oidc.circleci.com/vcs-origin"] ?? "unknown source",
    file: claims.workflow_ref?.file ?? claims.ci_config_ref_uri?.file ?? "",
    environment: claims.environment ?? environment ?? "",
  };
}

/** Newest first. A call keeps its node: the same call seen twice is told apart by how often it came before. */
function callEntries(calls) {
  const seen = new Map();
  return calls.map((call) => {
    const signature = JSON.stringify(call);
    const times = (seen.get(signature) ?? 0) + 1;
    seen.set(signature, times);
    return { key: `${signature} ${times}`, signature, draw: () => drawCall(call) };
  }).reverse();
}

function drawCall(call) {
  const { text, title } = readSecond(call.second);
  const kind = call.status >= 500 || !call.status ? "bad" : call.status >= 400 ? "refused" : "good";
  return h("li", { class: "call", "data-testid": "registry-call" },
    h("time", { title }, text), " ",
    h("span", { class: "method" }, call.method), " ",
    h("span", { class: "path" }, call.path), " ",
    h("span", { class: `status ${kind}` }, String(call.status ?? "no answer")), " ",
    h("span", { class: "caller" }, [call.npm_user || "anonymous", call.note].filter(Boolean).join(" · ")));
}

/** The second of a call, an ISO time or seconds since 1970, as a clock in the reader's zone. */
function readSecond(second) {
  const date = new Date(typeof second === "number" ? second * 1000 : second);
  if (Number.isNaN(date.getTime())) return { text: String(second), title: "" };
  return { text: date.toTimeString().slice(0, 8), title: fullTime(date) };
}
