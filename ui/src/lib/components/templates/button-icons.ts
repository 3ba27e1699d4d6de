/** Signs for the kinds of buttons and files of a template. */
import type { IconName } from "$lib/icons/icons";
import type { Button } from "$lib/protocol/Button";
import type { HeaderMedia } from "$lib/protocol/HeaderMedia";

const ICONS: Record<Button["kind"], IconName> = {
  quick_reply: "reply",
  url: "ext",
  phone: "call",
  copy_code: "copy",
  flow: "doc",
  otp: "key",
  fixed: "phone",
  other: "more",
};

export function buttonIcon(button: Button): IconName {
  if (button.kind === "fixed") return button.meta_kind.includes("CALL") ? "call" : "user";
  return ICONS[button.kind];
}

const MEDIA: Record<HeaderMedia, IconName> = {
  image: "image",
  video: "play",
  document: "doc",
  location: "pin",
};

export function mediaIcon(media: HeaderMedia): IconName {
  return MEDIA[media];
}
