import type { CardStrings } from "./card-strings.ts";

export const cardStrings: CardStrings = {
  question: "Sim ou não?",
  yes: "Sim, pode fazer",
  no: "Não, não faça",
  until: (when) => `Você pode confirmar até: ${when}.`,
  sending: "Enviando a sua resposta…",
  states: {
    confirmed: "Você disse que sim. O resultado aparecerá aqui.",
    refused: "Você disse que não. Nada foi feito.",
    expired: "O prazo para confirmar acabou. Nada foi feito.",
    replaced: "Substituído por uma pergunta mais recente. Nada foi feito.",
    withdrawn: "Retirado. Nada foi feito.",
    sent: "Está sendo feito.",
    done: "Feito.",
    failed: "Não foi possível fazer.",
    unknown: "Não sabemos se isto foi feito. A nossa equipe vai verificar.",
  },
  problems: {
    answered: "Isto já foi respondido, talvez em outro dispositivo.",
    "action-over": "Agora uma pessoa atende esta conversa. Pergunte a ela.",
    "tool-changed": "Isto mudou e não pode mais ser confirmado. Peça novamente, por favor.",
    "identity-required": "Entre primeiro na sua conta neste site e depois confirme.",
  },
  failed: "A sua resposta não chegou. Tente novamente em um minuto.",
};
