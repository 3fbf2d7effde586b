import type { LateStrings } from "./late-strings.ts";

export const lateStrings: LateStrings = {
  startNew: "新しい会話",
  saveTranscript: "会話をダウンロード",
  deleteData: "データを削除",
  cancel: "キャンセル",

  confirmNew: {
    title: "新しい会話を始めますか？",
    text: "この会話はここに表示されなくなります。",
    yes: "始める",
  },
  confirmDelete: {
    title: "この会話を削除しますか？",
    text: "すべてのメッセージが、この端末とサーバーの両方から完全に削除されます。",
    yes: "削除",
  },
  deleting: "会話を削除しています。",

  comment: "改善できる点はありますか？",
  reason: "どこが問題でしたか？",
  reasons: { wrong: "内容が間違っている", unclear: "わかりにくい", unhelpful: "役に立たない", other: "その他" },
  sendComment: "フィードバックを送信",

  consent: "お答えするために、このチャットはメッセージを保存し、AIプロバイダーに送信することがあります。",
  agree: "同意する",

  openedAsFile:
    "このページはファイル（file://）として開かれています。ブラウザーはこのようなページからチャットサービスへの接続を許可しません。「npx serve」などを使い、ウェブサーバーから開いてください。",
};
