import type { PeopleStrings } from "./people-strings.ts";

export const peopleStrings: PeopleStrings = {
  askForPerson: "التحدث إلى شخص",
  askForAssistant: "العودة إلى المساعد",
  team: "فريقنا",
  answering: (name) => `الرد عليك من ${name}`,
  typing: (name) => `جارٍ الكتابة من ${name}`,
  waitingNow: "أحد أفراد فريقنا موجود وسيصلك الرد هنا.",
  waitingToday: "لا أحد موجود الآن. سيجيبك أحد أفراد فريقنا في وقت لاحق من اليوم.",
  waitingUntil: (when) => `لا أحد موجود الآن. نعود: ${when}.`,
  waitingLater: "لا أحد موجود الآن. رسائلك محفوظة لفريقنا.",
  place: (position) => (position === 1 ? "دورك هو التالي." : `ترتيبك في قائمة الانتظار: ${position}.`),
  email: "بريدك الإلكتروني (اختياري)",
  leaveEmail: "حفظ",
  emailLeft: (address) => `يمكننا التواصل معك على ${address}.`,
  removeEmail: "إزالة",
  problems: {
    handled: "هذه المحادثة لدى أحد أفراد فريقنا بالفعل.",
    updating: "لا يمكن ذلك أثناء تحديث الدردشة. يرجى المحاولة مجددًا بعد دقيقة.",
    "invalid-request": "هذا ليس عنوان بريد إلكتروني.",
    "too-many-addresses": "لا يمكن حفظ عنوان آخر في هذه المحادثة.",
  },
  failed: "لم ينجح ذلك. يرجى المحاولة مجددًا.",
};
