/** The emoji that bots use most, by Slack's names. A name that is not here is shown as it was written. */
export const EMOJI = {
  alarm_clock: "⏰", arrow_right: "➡️", arrows_counterclockwise: "🔄", ballot_box_with_check: "☑️", bar_chart: "📊", bell: "🔔",
  bangbang: "‼️", bookmark: "🔖", bug: "🐛", bulb: "💡", bust_in_silhouette: "👤", busts_in_silhouette: "👥", calendar: "📅",
  chart_with_upwards_trend: "📈", checkered_flag: "🏁", clipboard: "📋", clock1: "🕐", closed_lock_with_key: "🔐",
  double_vertical_bar: "⏸️", exclamation: "❗", eyes: "👀", file_folder: "📁", fire: "🔥", gear: "⚙️", grey_question: "❔",
  hammer_and_wrench: "🛠️", heavy_check_mark: "✔️", heavy_minus_sign: "➖", heavy_plus_sign: "➕", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", inbox_tray: "📥", information_source: "ℹ️", key: "🔑", large_blue_circle: "🔵",
  large_green_circle: "🟢", large_yellow_circle: "🟡", leftwards_arrow_with_hook: "↩️", link: "🔗", lock: "🔒", mag: "🔍",
  memo: "📝", negative_squared_cross_mark: "❎", no_entry: "⛔", no_entry_sign: "🚫", octagonal_sign: "🛑", package: "📦",
  page_facing_up: "📄", pause_button: "⏸️", pencil2: "✏️", point_right: "👉", pushpin: "📌", question: "❓", raised_hand: "✋",
  recycle: "♻️", red_circle: "🔴", repeat: "🔁", robot_face: "🤖", rocket: "🚀", rotating_light: "🚨", scroll: "📜",
  shield: "🛡️", ship: "🚢", snowflake: "❄️", sparkles: "✨", speech_balloon: "💬", stopwatch: "⏱️", tada: "🎉", thumbsdown: "👎",
  thumbsup: "👍", unlock: "🔓", warning: "⚠️", wastebasket: "🗑️", wave: "👋", white_check_mark: "✅", white_circle: "⚪",
  wrench: "🔧", x: "❌", zzz: "💤", "+1": "👍", "-1": "👎",
};
