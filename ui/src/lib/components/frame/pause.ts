/** Why nothing goes out, in words: what happened, what still works, what to do. */
import type { Key } from "$lib/i18n";
import type { Pause } from "$lib/protocol/Pause";

export interface PauseWords {
  what: Key;
  works: Key;
  stopped: Key;
  todo: Key;
}

export function pauseWords(pause: Pause): PauseWords {
  switch (pause.why) {
    case "number_offboarded":
      return {
        what: "pause.number_offboarded",
        works: "pause.works_phone",
        stopped: "pause.stopped_both",
        todo: "pause.todo_connect",
      };
    case "token_invalid":
      return {
        what: "pause.token_invalid",
        works: "pause.works_receiving",
        stopped: "pause.stopped_sending",
        todo: "pause.todo_token",
      };
    case "account_restricted":
      return {
        what: "pause.account_restricted",
        works: "pause.works_receiving",
        stopped: "pause.stopped_sending",
        todo: "pause.todo_meta",
      };
    case "queue_stopped":
      return {
        what: "pause.queue_stopped",
        works: "pause.works_receiving",
        stopped: "pause.stopped_sending",
        todo: "pause.todo_start",
      };
    case "customer_blocked":
      return {
        what: "pause.customer_blocked",
        works: "pause.works_receiving",
        stopped: "pause.stopped_sending",
        todo: "pause.todo_unblock",
      };
  }
}
