import type { LateStrings } from "./late-strings.ts";

export const lateStrings: LateStrings = {
  startNew: "Nueva conversación",
  saveTranscript: "Descargar la conversación",
  deleteData: "Borrar mis datos",
  cancel: "Cancelar",

  confirmNew: {
    title: "¿Empezar una conversación nueva?",
    text: "Esta dejará de mostrarse aquí.",
    yes: "Empezar",
  },
  confirmDelete: {
    title: "¿Borrar esta conversación?",
    text: "Todos sus mensajes se borran para siempre, aquí y en el servidor.",
    yes: "Borrar",
  },
  deleting: "Tu conversación se está borrando.",

  comment: "¿Qué podría mejorar?",
  reason: "¿Qué ha fallado?",
  reasons: { wrong: "Es incorrecta", unclear: "No está clara", unhelpful: "No me ayuda", other: "Otra cosa" },
  sendComment: "Enviar opinión",

  consent: "Para responderte, este chat guarda tus mensajes y puede enviarlos a un proveedor de IA.",
  agree: "Acepto",

  openedAsFile:
    "Esta página se abrió como archivo (file://), y los navegadores no permiten que esas páginas hablen con un servicio de chat. Ábrela desde un servidor web, por ejemplo con «npx serve».",
};
