import type { ParleyChatElement } from "../../../../packages/client/source/parley.d.ts";
import type { SafeStorage } from "../safe-storage.ts";
import { ringWhenUnseen } from "./chime.ts";
import { InvitationBubble } from "./invitation-bubble.ts";

const attended = new WeakSet<ParleyChatElement>();

/**
 * Shows the invitation of the attribute `invite`, and rings for new replies with `sound`, as the attributes are from now
 * on. Later calls for the same element do nothing.
 *
 * @param box of the button in the corner, which is hidden while the chat is open
 */
export function attend(chat: ParleyChatElement, box: HTMLElement, storage: SafeStorage): void {
  if (attended.has(chat)) return;
  attended.add(chat);
  const invitation = new InvitationBubble(chat, box, storage);
  new MutationObserver(() => invitation.plan()).observe(chat, { attributeFilter: ["invite", "invite-after"] });
  invitation.plan();
  ringWhenUnseen(chat);
}
