import type { LateStrings } from "./late-strings.ts";

export const lateStrings: LateStrings = {
  startNew: "Nouvelle conversation",
  saveTranscript: "Télécharger la conversation",
  deleteData: "Supprimer mes données",
  cancel: "Annuler",

  confirmNew: {
    title: "Commencer une nouvelle conversation ?",
    text: "Celle-ci ne sera plus affichée ici.",
    yes: "Recommencer",
  },
  confirmDelete: {
    title: "Supprimer cette conversation ?",
    text: "Tous ses messages sont effacés définitivement, ici et sur le serveur.",
    yes: "Supprimer",
  },
  deleting: "Votre conversation est en cours de suppression.",

  comment: "Que pourrions-nous améliorer ?",
  reason: "Qu’est-ce qui ne va pas ?",
  reasons: { wrong: "C’est faux", unclear: "Ce n’est pas clair", unhelpful: "Ça ne m’aide pas", other: "Autre chose" },
  sendComment: "Envoyer l’avis",

  consent: "Pour vous répondre, ce chat enregistre vos messages et peut les transmettre à un fournisseur d’IA.",
  agree: "J’accepte",

  openedAsFile:
    "Cette page a été ouverte comme un fichier (file://), et les navigateurs ne laissent pas ces pages parler à un service de chat. Ouvrez-la depuis un serveur web, par exemple avec « npx serve ».",
};
