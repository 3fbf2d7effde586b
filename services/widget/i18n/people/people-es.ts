import type { PeopleStrings } from "./people-strings.ts";

export const peopleStrings: PeopleStrings = {
  askForPerson: "Hablar con una persona",
  askForAssistant: "Volver al asistente",
  team: "Nuestro equipo",
  answering: (name) => `${name} te responde`,
  typing: (name) => `${name} está escribiendo`,
  waitingNow: "Hay alguien disponible que te responderá.",
  waitingToday: "Ahora no hay nadie. Una persona te responderá a lo largo del día.",
  waitingUntil: (when) => `Ahora no hay nadie. Volvemos: ${when}.`,
  waitingLater: "Ahora no hay nadie. Tus mensajes se guardan para nuestro equipo.",
  place: (position) => (position === 1 ? "El siguiente turno es el tuyo." : `Tienes el puesto ${position} en la cola.`),
  email: "Tu correo electrónico (opcional)",
  leaveEmail: "Guardar",
  emailLeft: (address) => `Podemos escribirte a ${address}.`,
  removeEmail: "Quitar",
  problems: {
    handled: "Una persona ya atiende esta conversación.",
    updating: "No es posible mientras se actualiza el chat. Inténtalo de nuevo en un minuto.",
    "invalid-request": "No es una dirección de correo electrónico.",
    "too-many-addresses": "No se puede guardar otra dirección en esta conversación.",
  },
  failed: "No ha funcionado. Inténtalo de nuevo.",
};
