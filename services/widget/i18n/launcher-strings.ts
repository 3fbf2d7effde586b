import type { Language } from "./languages.ts";

/** Words needed before anything else is loaded. All languages are included, as the button cannot wait for a file. */
export interface LauncherStrings {
  readonly chat: string;
  readonly open: string;
  readonly unread: string;
  readonly notLoaded: string;
  readonly tryAgain: string;
}

export const launcherStrings: Record<Language, LauncherStrings> = {
  en: {
    chat: "Chat",
    open: "Open chat",
    unread: "New replies",
    notLoaded: "The chat could not be loaded.",
    tryAgain: "Try again",
  },
  de: {
    chat: "Chat",
    open: "Chat öffnen",
    unread: "Neue Antworten",
    notLoaded: "Der Chat konnte nicht geladen werden.",
    tryAgain: "Erneut versuchen",
  },
  fr: {
    chat: "Chat",
    open: "Ouvrir le chat",
    unread: "Nouvelles réponses",
    notLoaded: "Le chat n’a pas pu être chargé.",
    tryAgain: "Réessayer",
  },
  es: {
    chat: "Chat",
    open: "Abrir el chat",
    unread: "Respuestas nuevas",
    notLoaded: "No se pudo cargar el chat.",
    tryAgain: "Reintentar",
  },
  pt: {
    chat: "Chat",
    open: "Abrir o chat",
    unread: "Novas respostas",
    notLoaded: "Não foi possível carregar o chat.",
    tryAgain: "Tentar de novo",
  },
  ja: {
    chat: "チャット",
    open: "チャットを開く",
    unread: "新しい返信",
    notLoaded: "チャットを読み込めませんでした。",
    tryAgain: "再試行",
  },
  zh: {
    chat: "聊天",
    open: "打开聊天",
    unread: "新回复",
    notLoaded: "聊天加载失败。",
    tryAgain: "重试",
  },
  ar: {
    chat: "الدردشة",
    open: "فتح الدردشة",
    unread: "ردود جديدة",
    notLoaded: "تعذّر تحميل الدردشة.",
    tryAgain: "إعادة المحاولة",
  },
};
