/** Talking to the local Slack: one stream of snapshots in, one POST per thing done. */

const RETRY_MILLISECONDS = 1500;

/** Slack's codes for a bot that does not answer, in words. */
const CODES = {
  operation_timeout: "npmtrust did not answer within three seconds (operation_timeout).",
  dispatch_failed: "npmtrust cannot be reached (dispatch_failed).",
};

/** Posts JSON; resolves to the answer, {ok, error?, …}, also when the local Slack cannot be reached. */
export function post(path, body) {
  return send(path, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

/** Posts a file as it is; resolves to the answer, {ok, id?, error?}. */
export function sendFile(path, file) {
  return send(path, { headers: { "Content-Type": "application/octet-stream" }, body: file });
}

async function send(path, content) {
  try {
    const response = await fetch(path, { method: "POST", ...content });
    const answer = await response.json();
    return answer.error ? { ...answer, error: CODES[answer.error] ?? answer.error } : answer;
  } catch {
    return { ok: false, error: "The local Slack does not answer." };
  }
}

/**
 * Streams the snapshots of one person and connects again when the stream breaks.
 * Returns a function that ends it; nothing is told after that.
 */
export function subscribe(person, { onSnapshot, onConnected }) {
  let source = null;
  let timer = 0;
  const connect = () => {
    source = new EventSource(`/sandbox/events?as=${encodeURIComponent(person)}`);
    source.addEventListener("open", () => onConnected(true));
    source.addEventListener("message", (event) => onSnapshot(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      onConnected(false);
      source.close();
      timer = setTimeout(connect, RETRY_MILLISECONDS);
    });
  };
  connect();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
