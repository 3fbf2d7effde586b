import type { CardStrings } from "./card-strings.ts";

export const cardStrings: CardStrings = {
  question: "Oui ou non ?",
  yes: "Oui, exécuter",
  no: "Non, ne rien faire",
  until: (when) => `Vous pouvez confirmer jusqu’à : ${when}.`,
  sending: "Envoi de votre réponse…",
  states: {
    confirmed: "Vous avez dit oui. Le résultat apparaîtra ici.",
    refused: "Vous avez dit non. Rien n’a été fait.",
    expired: "Le délai de confirmation est écoulé. Rien n’a été fait.",
    replaced: "Remplacé par une question plus récente. Rien n’a été fait.",
    withdrawn: "Retiré. Rien n’a été fait.",
    sent: "C’est en cours.",
    done: "C’est fait.",
    failed: "Cela n’a pas pu être fait.",
    unknown: "Nous ne savons pas si cela a été fait. Notre équipe va vérifier.",
  },
  problems: {
    answered: "Une réponse a déjà été donnée, peut-être sur un autre appareil.",
    "action-over": "Une personne a repris cette conversation. Adressez-vous à elle.",
    "tool-changed": "Cela a changé entre-temps et ne peut plus être confirmé. Veuillez reposer la question.",
    "identity-required": "Veuillez d’abord vous connecter sur ce site, puis confirmer.",
  },
  failed: "Votre réponse n’est pas arrivée. Veuillez réessayer dans une minute.",
};
