import type { CardStrings } from "./card-strings.ts";

export const cardStrings: CardStrings = {
  question: "¿Sí o no?",
  yes: "Sí, adelante",
  no: "No, no lo hagas",
  until: (when) => `Puedes confirmarlo hasta: ${when}.`,
  sending: "Enviando tu respuesta…",
  states: {
    confirmed: "Has dicho que sí. El resultado aparecerá aquí.",
    refused: "Has dicho que no. No se ha hecho nada.",
    expired: "El plazo para confirmar ha terminado. No se ha hecho nada.",
    replaced: "Sustituido por una pregunta más reciente. No se ha hecho nada.",
    withdrawn: "Retirado. No se ha hecho nada.",
    sent: "Se está haciendo.",
    done: "Hecho.",
    failed: "No se ha podido hacer.",
    unknown: "No sabemos si se ha hecho. Nuestro equipo lo comprobará.",
  },
  problems: {
    answered: "Ya se respondió antes, quizá en otro dispositivo.",
    "action-over": "Ahora atiende una persona esta conversación. Pregúntale a ella.",
    "tool-changed": "Esto ha cambiado y ya no se puede confirmar. Vuelve a pedirlo, por favor.",
    "identity-required": "Primero inicia sesión en este sitio y luego confirma.",
  },
  failed: "Tu respuesta no ha llegado. Inténtalo de nuevo en un minuto.",
};
