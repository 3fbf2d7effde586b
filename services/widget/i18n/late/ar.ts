import type { LateStrings } from "./late-strings.ts";

export const lateStrings: LateStrings = {
  startNew: "محادثة جديدة",
  saveTranscript: "تنزيل المحادثة",
  deleteData: "حذف بياناتي",
  cancel: "إلغاء",

  confirmNew: {
    title: "بدء محادثة جديدة؟",
    text: "لن تظهر هذه المحادثة هنا بعد ذلك.",
    yes: "بدء",
  },
  confirmDelete: {
    title: "حذف هذه المحادثة؟",
    text: "تُحذف كل رسائلها نهائيًا، هنا وعلى الخادم.",
    yes: "حذف",
  },
  deleting: "يجري حذف محادثتك.",

  comment: "ما الذي يمكن تحسينه؟",
  reason: "ما المشكلة؟",
  reasons: { wrong: "غير صحيح", unclear: "غير واضح", unhelpful: "غير مفيد", other: "شيء آخر" },
  sendComment: "إرسال الملاحظة",

  consent: "للرد عليك، تحفظ هذه الدردشة رسائلك وقد ترسلها إلى مزوّد ذكاء اصطناعي.",
  agree: "أوافق",

  openedAsFile:
    "فُتحت هذه الصفحة كملف (file://)، والمتصفحات لا تسمح لمثل هذه الصفحات بالاتصال بخدمة دردشة. افتحها من خادم ويب، مثلًا باستخدام ”npx serve“.",
};
