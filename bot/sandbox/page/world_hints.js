/** What follows from what a visitor did to the world, and a line to type that shows it: by the deed, or a switch and its side. */
export const AFTER = {
  "registry off": ["npm is down. Ask for something: the bot says that it waits, and goes on by itself once npm is back.", "/npmtrust github @acme/icons --file release.yml"],
  "registry on": ["npm is back: what waited goes on within seconds."],
  "slack_api off": ["The bot reaches Slack no more. What you type still arrives, and is answered once you start Slack’s API again.", "/npmtrust whoami"],
  "slack_api on": ["Slack is back: what the bot had to say arrives now."],
  "calls_ask on": ["npm wants the security key for each call, whatever you tick. Ask for two packages, approve them, and confirm twice.", "/npmtrust github @acme/ui @acme/tokens --file release.yml"],
  "calls_ask off": ["“Do not ask again for 5 minutes” counts again."],
  "too_many on": ["npm refuses each call that changes something. Ask, and approve: the request says that npm wants a pause, and when it goes on.", "/npmtrust github @acme/ui --file release.yml"],
  "too_many off": ["npm takes calls again. Let five minutes pass: what waited goes on."],
  close_windows: ["npm wants the security key again at the next call. Ask for one more package, and approve it.", "/npmtrust github @acme/tokens --file release.yml"],
  end_sessions: ["npm takes no token of the bot’s any more. It notices at its next call: as an owner, have npm’s own list read.", "/npmtrust list @acme/ui"],
  publish_by_hand: ["Let an hour pass: who watches the package gets an alarm. If nobody does, type this first, then publish once more:", "/npmtrust watch @acme/*"],
  "5m": ["Five minutes later: npm’s links and “do not ask again” have run out. See what waits, and for whom:", "/npmtrust pending"],
  "1h": ["An hour later: public data was read again. See what it shows:", "/npmtrust coverage @acme/*"],
  "1d": ["A day later: reminders come, and on Mondays the digest. See what it would say:", "/npmtrust digest @acme/*"],
  "2d": ["Two days later: where nothing was published through a new trusted publisher, it has expired. See “What npm holds”, and:", "/npmtrust coverage @acme/*"],
};
