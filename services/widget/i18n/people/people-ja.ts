import type { PeopleStrings } from "./people-strings.ts";

export const peopleStrings: PeopleStrings = {
  askForPerson: "担当者と話す",
  askForAssistant: "アシスタントに戻る",
  team: "担当者",
  answering: (name) => `${name}が対応しています`,
  typing: (name) => `${name}が入力中です`,
  waitingNow: "担当者がおります。返信をお待ちください。",
  waitingToday: "ただいま担当者は不在です。本日中に担当者が返信します。",
  waitingUntil: (when) => `ただいま担当者は不在です。対応の再開：${when}`,
  waitingLater: "ただいま担当者は不在です。メッセージは担当者が確認できるよう保存されています。",
  place: (position) => (position === 1 ? "次にご案内します。" : `現在${position}番目にお待ちです。`),
  email: "メールアドレス（任意）",
  leaveEmail: "登録",
  emailLeft: (address) => `ご連絡先：${address}`,
  removeEmail: "削除",
  problems: {
    handled: "この会話にはすでに担当者が対応しています。",
    updating: "チャットの更新中はご利用いただけません。1分ほどしてから再度お試しください。",
    "invalid-request": "メールアドレスの形式ではありません。",
    "too-many-addresses": "この会話には、これ以上アドレスを保存できません。",
  },
  failed: "うまくいきませんでした。もう一度お試しください。",
};
