// Reads cards and dialogs from its input, and writes what the platforms' own packages find wrong with each.
const { readFileSync } = require("node:fs");
const { AdaptiveCard, SerializationContext } = require("adaptivecards/dist/adaptivecards.js");
const discord = require("@discordjs/builders");
const { isMessageAttachmentArray } = require("@mattermost/types/message_attachments");
const { verifyKey } = require("discord-interactions");

function readTeams(card) {
  const context = new SerializationContext();
  const parsed = new AdaptiveCard();
  parsed.parse(card, context);
  const faults = [];
  for (let index = 0; index < context.eventCount; index++) faults.push(context.getEventAt(index).message);
  faults.push(...parsed.validateProperties().validationEvents.map((event) => event.message));
  const shown = parsed.toJSON();
  const count = (part) => [shown[part]?.length ?? 0, card[part].length];
  for (const part of ["body", "actions"]) {
    const [kept, given] = count(part);
    if (kept !== given) faults.push(`${kept} of ${given} are left of ${part}`);
  }
  return faults;
}

function buildButton(button) {
  const built = new discord.ButtonBuilder().setStyle(button.style).setLabel(button.label);
  return button.url === undefined ? built.setCustomId(button.custom_id) : built.setURL(button.url);
}

function buildPart(part) {
  if (part.type === 10) return new discord.TextDisplayBuilder().setContent(part.content);
  const { custom_id, style, max_length, required } = part.component;
  const input = new discord.TextInputBuilder().setCustomId(custom_id).setStyle(style);
  input.setMaxLength(max_length).setRequired(required);
  return new discord.LabelBuilder().setLabel(part.label).setTextInputComponent(input);
}

function readMessage({ embeds, components }) {
  const [embed] = embeds;
  const built = new discord.EmbedBuilder().setTitle(embed.title).setDescription(embed.description);
  const rows = components.map((row) => new discord.ActionRowBuilder().addComponents(...row.components.map(buildButton)));
  return { embeds: [built.addFields(...embed.fields).toJSON()], components: rows.map((row) => row.toJSON()) };
}

function readModal({ custom_id, title, components }) {
  const built = new discord.ModalBuilder().setCustomId(custom_id).setTitle(title);
  return { ...built.data, components: components.map((part) => buildPart(part).toJSON()) };
}

function readDiscord(given) {
  try {
    const read = given.embeds ? readMessage(given) : readModal(given);
    return sort(read) === sort(given) ? [] : [`it is read as ${sort(read)}`];
  } catch (error) {
    return [String(error)];
  }
}

function sort(value) {
  const order = (_, node) =>
    node && typeof node === "object" && !Array.isArray(node)
      ? Object.fromEntries(Object.entries(node).sort(([one], [other]) => (one < other ? -1 : 1)))
      : node;
  return JSON.stringify(value, order);
}

const readers = {
  teams: readTeams,
  discord: readDiscord,
  mattermost: (attachments) => (isMessageAttachmentArray(attachments) ? [] : ["these are no attachments"]),
};

(async () => {
  const given = JSON.parse(readFileSync(0, "utf-8"));
  const faults = given.cards.map(({ platform, card }) => readers[platform](card));
  const verified = [];
  for (const { body, signature, stamp, key } of given.signed) verified.push(await verifyKey(body, signature, stamp, key));
  console.log(JSON.stringify({ faults, verified }));
})();
