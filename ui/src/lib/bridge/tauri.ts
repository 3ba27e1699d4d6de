/** The desktop shell's transport. The only file that knows the shell. */
import { Channel, invoke } from "@tauri-apps/api/core";

import type { UiEnvelope } from "$lib/protocol/UiEnvelope";

import { type Answer, type Bridge, CallError, type CallName, type Request } from ".";

export function tauriBridge(): Bridge {
  return {
    async call<Name extends CallName>(name: Name, payload: Request<Name>): Promise<Answer<Name>> {
      try {
        return await invoke<Answer<Name>>("call", { name, payload });
      } catch (cause) {
        throw CallError.from(cause);
      }
    },
    subscribe(handler, lost) {
      let open = true;
      const channel = new Channel<UiEnvelope>();
      channel.onmessage = (envelope) => {
        if (open) handler(envelope);
      };
      invoke("subscribe", { channel }).catch(() => {
        if (open) lost?.();
      });
      return () => {
        open = false;
      };
    },
  };
}
