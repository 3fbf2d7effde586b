import type { LateStrings } from "./late-strings.ts";

export const lateStrings: LateStrings = {
  startNew: "Nova conversa",
  saveTranscript: "Baixar a conversa",
  deleteData: "Apagar meus dados",
  cancel: "Cancelar",

  confirmNew: {
    title: "Começar uma nova conversa?",
    text: "Esta deixará de ser mostrada aqui.",
    yes: "Começar",
  },
  confirmDelete: {
    title: "Apagar esta conversa?",
    text: "Todas as mensagens são apagadas para sempre, aqui e no servidor.",
    yes: "Apagar",
  },
  deleting: "Sua conversa está sendo apagada.",

  comment: "O que poderia ser melhor?",
  reason: "O que houve de errado?",
  reasons: { wrong: "Está errada", unclear: "Não está clara", unhelpful: "Não ajuda", other: "Outra coisa" },
  sendComment: "Enviar opinião",

  consent: "Para responder, este chat guarda as suas mensagens e pode enviá-las a um provedor de IA.",
  agree: "Concordo",

  openedAsFile:
    "Esta página foi aberta como arquivo (file://), e os navegadores não deixam páginas assim falar com um serviço de chat. Abra-a a partir de um servidor web, por exemplo com “npx serve”.",
};
