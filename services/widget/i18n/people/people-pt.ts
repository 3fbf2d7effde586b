import type { PeopleStrings } from "./people-strings.ts";

export const peopleStrings: PeopleStrings = {
  askForPerson: "Falar com uma pessoa",
  askForAssistant: "Voltar ao assistente",
  team: "Nossa equipe",
  answering: (name) => `${name} está respondendo`,
  typing: (name) => `${name} está digitando`,
  waitingNow: "Há alguém disponível que vai responder.",
  waitingToday: "Não há ninguém no momento. Uma pessoa vai responder ainda hoje.",
  waitingUntil: (when) => `Não há ninguém no momento. Voltamos: ${when}.`,
  waitingLater: "Não há ninguém no momento. Suas mensagens ficam guardadas para nossa equipe.",
  place: (position) => (position === 1 ? "É a sua vez a seguir." : `Você está na posição ${position} da fila.`),
  email: "Seu e-mail (opcional)",
  leaveEmail: "Salvar",
  emailLeft: (address) => `Podemos falar com você em ${address}.`,
  removeEmail: "Remover",
  problems: {
    handled: "Uma pessoa já cuida desta conversa.",
    updating: "Não é possível enquanto o chat é atualizado. Tente de novo em um minuto.",
    "invalid-request": "Isso não é um endereço de e-mail.",
    "too-many-addresses": "Não é possível salvar outro endereço nesta conversa.",
  },
  failed: "Não funcionou. Tente de novo.",
};
