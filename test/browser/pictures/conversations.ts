/** A visitor's question and the reply to it, as a shop's support would write them. */
export interface Turn {
  readonly question: string;
  readonly reply: string;
}

/** Attributes of `<parley-chat>` for a look whose language is not that of the configured assistant. */
type Attributes = Readonly<Record<string, string>>;

export interface PicturedConversation {
  /** Turn shown while it is written and when it has ended. */
  readonly first: Turn;
  /** Question sent without a network. */
  readonly offline: string;
  readonly attributes?: Attributes;
}

const returns: Turn = {
  question: "My teapot arrived with a chipped lid. Can I send it back?",
  reply: `I’m sorry to hear that! Of course you can return it, and the shipping is on us:

1. Open **My account → Orders** and choose order #1042
2. Select *Return or replace*, then a **new teapot** or a **refund**
3. Print the label and drop the parcel at any post office

A replacement leaves our studio within two working days. 🫖`,
};

const delivery: Turn = {
  question: "Where is my order #1042?",
  reply: `It left our studio on **Tuesday** and is with the carrier now. 📦

- Norway usually takes *three to five* days
- You can follow it at [the carrier’s page](https://example.com/track)

If nothing has moved by Monday, tell us and we will look into it.`,
};

const glazes: Turn = {
  question: "Which bowl goes with the Morning cup?",
  reply: `The **Supper bowl** has the same glaze, so the two look like one set:

| Piece | Glaze | Price |
| --- | --- | ---: |
| Morning cup | Lichen | €24 |
| Supper bowl | Lichen | €38 |

Both are safe in the dishwasher and the microwave. ☕`,
};

const arabic: Turn = {
  question: "وصل إبريق الشاي وغطاؤه مكسور. هل يمكنني إرجاعه؟",
  reply: `يؤسفنا ذلك! نعم، يمكنك إرجاعه، والشحن على حسابنا:

1. افتح **حسابي ← الطلبات** واختر الطلب رقم 1042
2. اختر *إرجاع أو استبدال*، ثم **إبريقًا جديدًا** أو **استرداد المبلغ**
3. اطبع الملصق وسلّم الطرد في أي مكتب بريد

نرسل الإبريق الجديد خلال يومَي عمل. 🫖`,
};

/** Conversation of each look, all with the shop of the demo page. */
export const conversations = {
  desktop: { first: returns, offline: "Do I have to send the saucer, too?" },
  dark: { first: glazes, offline: "Do you have both in cobalt?" },
  phone: { first: delivery, offline: "Could you leave it with a neighbour?" },
  arabic: {
    first: arabic,
    offline: "هل يجب أن أرسل الصحن أيضًا؟",
    attributes: { title: "خدمة العملاء", greeting: "مرحبًا! 👋 كيف يمكننا مساعدتك اليوم؟" },
  },
} satisfies Record<string, PicturedConversation>;
