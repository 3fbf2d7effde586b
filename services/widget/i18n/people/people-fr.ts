import type { PeopleStrings } from "./people-strings.ts";

export const peopleStrings: PeopleStrings = {
  askForPerson: "Parler à une personne",
  askForAssistant: "Revenir à l’assistant",
  team: "Notre équipe",
  answering: (name) => `${name} vous répond`,
  typing: (name) => `${name} écrit`,
  waitingNow: "Quelqu’un est là et va vous répondre.",
  waitingToday: "Personne n’est là pour le moment. Une personne vous répondra plus tard dans la journée.",
  waitingUntil: (when) => `Personne n’est là pour le moment. De retour : ${when}.`,
  waitingLater: "Personne n’est là pour le moment. Vos messages sont conservés pour notre équipe.",
  place: (position) =>
    position === 1 ? "C’est bientôt à vous." : `Vous êtes au rang ${position} de la file d’attente.`,
  email: "Votre adresse e-mail (facultatif)",
  leaveEmail: "Enregistrer",
  emailLeft: (address) => `Nous pouvons vous joindre à ${address}.`,
  removeEmail: "Retirer",
  problems: {
    handled: "Une personne s’occupe déjà de cette conversation.",
    updating: "C’est impossible pendant la mise à jour du chat. Veuillez réessayer dans une minute.",
    "invalid-request": "Ce n’est pas une adresse e-mail.",
    "too-many-addresses": "Aucune autre adresse ne peut être enregistrée dans cette conversation.",
  },
  failed: "Cela n’a pas fonctionné. Veuillez réessayer.",
};
