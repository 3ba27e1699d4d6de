//! Performing the screenplay: the clock jumps from line to line, each line is said by who says
//! it, and the hub takes it in as it takes in everything.
//!
//! ```text
//!   clock ──► set to the line's moment
//!   customer, phone ──► simulated WhatsApp ──► webhook ──► hub
//!   agent ──► the hub's API ──► outbox ──► simulated WhatsApp ──► statuses ──► hub
//!   settled ──► next line
//! ```
//!
//! Nothing of the past is written into a database by hand, so nothing can stand there that could
//! not have happened.

use std::collections::BTreeMap;
use std::time::Duration;

use ajar_client::hub::Hub as HubClient;
use ajar_domain::{AgentId, ClientRef, Clock as _, ConversationId, MessageId, Time};
use ajar_hub::hub::Hub;
use ajar_protocol::command::{Command, CommandAnswer, CommandRequest, Recipient};
use ajar_simulator::{Customer, Direction, Fault, MediaFile, Sim, StatusPolicy, Wamid};
use anyhow::{Context as _, Result, anyhow};

use super::books::{Books, digits_of};
use super::script::{Act, Agent, AgentAct, CustomerAct, Line, PhoneAct, Scene, in_order};

/// Meta's word for "by my books the window is closed".
const WINDOW_IS_CLOSED: u32 = 131_047;

/// Everybody and everything that acts.
pub struct Company {
    pub hub: Hub,
    pub sim: Sim,
    pub agents: BTreeMap<Agent, Member>,
    pub books: Books,
}

/// One agent of the team, with their own way to the hub.
pub struct Member {
    pub id: AgentId,
    pub hub: HubClient,
}

/// What the demo's own desktop gets: a text that Sami has typed and not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftOfSami {
    pub conversation: ConversationId,
    pub body: String,
}

/// A scene while it is played.
struct Stage<'a> {
    scene: &'a Scene,
    customer: Customer,
    /// Assignee, labels and notes about the customer are set once there is a conversation.
    furnished: bool,
}

impl Company {
    /// Plays all scenes up to `present`, telling after each line how many are done.
    pub async fn play(
        &self,
        scenes: &[Scene],
        present: Time,
        mut done: impl FnMut(usize, usize),
    ) -> Result<Vec<DraftOfSami>> {
        let lines = in_order(scenes)?;
        let mut stages = Vec::new();
        for scene in scenes {
            let customer = self.sim.customer(&scene.name, &scene.number);
            if scene.phone_off {
                customer.answers_statuses(StatusPolicy::SENT_ONLY)?;
            }
            if scene.not_on_whatsapp {
                self.sim.not_on_whatsapp(&scene.number);
            }
            stages.push(Stage {
                scene,
                customer,
                furnished: false,
            });
        }
        let mut drafts = Vec::new();
        for (index, (scene, line)) in lines.iter().enumerate() {
            // What falls due on the way (ticks, for the most part) happens at its moment.
            let by = (present - line.ago).saturating_since(self.sim.clock().now());
            self.sim.advance(by);
            let stage = &mut stages[*scene];
            self.perform(stage, line, &mut drafts)
                .await
                .with_context(|| format!("scene {:?}, {:?} ago", stage.scene.name, line.ago))?;
            self.furnish(stage).await?;
            done(index + 1, lines.len());
        }
        self.settle().await?;
        for stage in &mut stages {
            self.furnish(stage).await?;
        }
        Ok(drafts)
    }

    /// Both sides have nothing left to do at this moment.
    pub async fn settle(&self) -> Result<()> {
        self.sim.settled().await;
        self.hub.settled().await?;
        // What the hub sent may have brought statuses at once.
        self.sim.settled().await;
        self.hub.settled().await
    }

    async fn perform(
        &self,
        stage: &Stage<'_>,
        line: &Line,
        drafts: &mut Vec<DraftOfSami>,
    ) -> Result<()> {
        match &line.act {
            Act::Customer(act) => {
                self.customer(&stage.customer, act).await?;
                // The hub has it; what it makes of it, it may make while others speak.
                self.sim.settled().await;
                return Ok(());
            }
            Act::Phone(act, claimed_by) => {
                let wamid = self.phone(stage, act).await?;
                if let Some(agent) = claimed_by {
                    let message = self.message(&wamid).await?;
                    let by = Some(self.member(*agent)?.id.clone());
                    let claim = Command::ClaimEcho { message, agent: by };
                    self.ask(*agent, claim).await?;
                    self.see(*agent, self.conversation(stage.scene).await?)
                        .await?;
                }
            }
            Act::Agent(agent, AgentAct::Drafts(text)) if *agent == Agent::Sami => {
                drafts.push(DraftOfSami {
                    conversation: self.conversation(stage.scene).await?,
                    body: text.clone(),
                });
            }
            Act::Agent(agent, act) => {
                // An agent has read what stands there.
                self.hub.settled().await?;
                self.agent(stage, *agent, act).await?;
            }
        }
        self.settle().await
    }

    async fn customer(&self, customer: &Customer, act: &CustomerAct) -> Result<()> {
        match act {
            CustomerAct::Says(text) => {
                customer.says(text).await?;
            }
            CustomerAct::Quotes(text) => {
                customer.replies(self.last_of_ours(customer)?, text).await?;
            }
            CustomerAct::Photo { seed, caption } => {
                let picture = MediaFile::picture(*seed);
                customer.sends_image(picture, caption.as_deref()).await?;
            }
            CustomerAct::Voice { seconds } => {
                customer.sends_voice_note(*seconds).await?;
            }
            CustomerAct::Sticker { seed } => {
                customer
                    .sends_sticker(MediaFile::sticker(*seed), false)
                    .await?;
            }
            CustomerAct::Document { filename } => {
                let paper = MediaFile::pdf(filename, filename);
                customer.sends_document(paper, None).await?;
            }
            CustomerAct::Location { place } => {
                customer
                    .sends_location(52.0907, 5.1214, Some((place, place)))
                    .await?;
            }
            CustomerAct::Contact { name, number } => {
                customer.sends_contact(name, number).await?;
            }
            CustomerAct::Reacts(emoji) => {
                customer.reacts(self.last_of_ours(customer)?, emoji).await?;
            }
            CustomerAct::Taps(button) => {
                let template = self
                    .last_of_ours_that(customer, |kind| kind == "template")
                    .context("there is no template to tap on")?;
                customer.taps(template, button).await?;
            }
            CustomerAct::Calls { talk } => {
                customer.calls(*talk).await?;
            }
            CustomerAct::CallsInVain => {
                customer.calls_in_vain().await?;
            }
        }
        Ok(())
    }

    async fn phone(&self, stage: &Stage<'_>, act: &PhoneAct) -> Result<Wamid> {
        let phone = self.sim.phone();
        Ok(match act {
            PhoneAct::Types(text) => phone.types(&stage.customer, text).await?,
            PhoneAct::Photo { seed, caption } => {
                let picture = MediaFile::picture(*seed);
                phone
                    .sends_image(&stage.customer, picture, caption.as_deref())
                    .await?
            }
            PhoneAct::SendsTheStart => {
                let text = words_of_the_start(stage.scene).context("nothing to send")?;
                phone.types(&stage.customer, text).await?
            }
        })
    }

    async fn agent(&self, stage: &Stage<'_>, agent: Agent, act: &AgentAct) -> Result<()> {
        let scene = stage.scene;
        let command = match act {
            AgentAct::Says(body) => self.text_to(scene, body).await?,
            AgentAct::IsRefused(body) => {
                let refusal = Fault::LateError {
                    code: WINDOW_IS_CLOSED,
                };
                self.sim.fail_sends(1, refusal);
                self.text_to(scene, body).await?
            }
            AgentAct::Notes(body) => Command::AddNote {
                conversation: self.conversation(scene).await?,
                body: body.clone(),
            },
            AgentAct::Template { name, values } => Command::SendTemplate {
                to: self.recipient(scene).await?,
                template: self
                    .books
                    .until("a template", |rows| rows.templates.get(name).cloned())
                    .await?,
                values: values.clone(),
                typed: std::collections::BTreeMap::new(),
                hold: None,
            },
            AgentAct::Holds(body) => Command::HoldText {
                conversation: self.conversation(scene).await?,
                body: body.clone(),
                reply_to: None,
            },
            AgentAct::StartsOnPhone(text) => Command::StartOnPhone {
                to: self.recipient(scene).await?,
                name: Some(scene.name.clone()),
                text: text.clone(),
            },
            AgentAct::Resolves => Command::Resolve {
                conversation: self.conversation(scene).await?,
            },
            AgentAct::Snoozes(time) => Command::Snooze {
                conversation: self.conversation(scene).await?,
                until: self.sim.clock().now() + *time,
            },
            AgentAct::Drafts(_) => return Ok(()),
        };
        // Whoever answers has seen what stands there; a note may be written in passing.
        let in_passing = matches!(act, AgentAct::Notes(_));
        if let Some(conversation) = self.known_conversation(scene)
            && !in_passing
        {
            self.see(agent, conversation).await?;
        }
        self.ask(agent, command).await?;
        Ok(())
    }

    async fn text_to(&self, scene: &Scene, body: &str) -> Result<Command> {
        Ok(Command::SendText {
            conversation: self.conversation(scene).await?,
            body: body.to_owned(),
            reply_to: None,
            // The hub knows the deadline; the agents of the demo are never late.
            send_before: Time::FAR_FUTURE,
        })
    }

    pub async fn see(&self, agent: Agent, conversation: ConversationId) -> Result<()> {
        let newest = self.books.now(|rows| rows.newest(&conversation));
        if let Some(upto) = newest {
            self.ask(agent, Command::MarkSeen { conversation, upto })
                .await?;
        }
        Ok(())
    }

    /// The conversation gets its assignee, labels and words about the customer.
    async fn furnish(&self, stage: &mut Stage<'_>) -> Result<()> {
        if stage.furnished {
            return Ok(());
        }
        let Some(conversation) = self.known_conversation(stage.scene) else {
            return Ok(());
        };
        stage.furnished = true;
        let scene = stage.scene;
        let by = scene.assigned.unwrap_or(Agent::Ana);
        if let Some(agent) = scene.assigned {
            let command = Command::Assign {
                conversation: conversation.clone(),
                assignee: Some(self.member(agent)?.id.clone()),
            };
            self.ask(by, command).await?;
        }
        if !scene.labels.is_empty() {
            let command = Command::SetLabels {
                conversation: conversation.clone(),
                labels: scene.labels.clone(),
            };
            self.ask(by, command).await?;
        }
        if !scene.about.is_empty() {
            let command = Command::SetAbout {
                conversation,
                about: scene.about.clone(),
            };
            self.ask(by, command).await?;
        }
        Ok(())
    }

    /// Asks the hub, as this agent's desktop would.
    pub async fn ask(&self, agent: Agent, command: Command) -> Result<CommandAnswer> {
        let request = CommandRequest {
            client_ref: ClientRef::new(uuid::Uuid::new_v4().to_string()),
            command,
        };
        let answered = self.member(agent)?.hub.command(&request).await;
        answered.map_err(|unanswered| anyhow!(unanswered.error).context("the hub says no"))
    }

    fn member(&self, agent: Agent) -> Result<&Member> {
        self.agents.get(&agent).context("not of the company")
    }

    fn known_conversation(&self, scene: &Scene) -> Option<ConversationId> {
        let digits = digits_of(&scene.number);
        self.books
            .now(|rows| rows.conversations.get(&digits).cloned())
    }

    async fn conversation(&self, scene: &Scene) -> Result<ConversationId> {
        let digits = digits_of(&scene.number);
        self.books
            .until("a conversation", |rows| {
                rows.conversations.get(&digits).cloned()
            })
            .await
    }

    /// The conversation if there is one, else the number.
    async fn recipient(&self, scene: &Scene) -> Result<Recipient> {
        if let Some(conversation) = self.known_conversation(scene) {
            return Ok(Recipient::Conversation { conversation });
        }
        let inbox = self
            .books
            .until("the inbox", |rows| rows.inbox.clone())
            .await?;
        Ok(Recipient::Number {
            inbox,
            number: scene.number.clone(),
        })
    }

    async fn message(&self, wamid: &Wamid) -> Result<MessageId> {
        let wamid = wamid.to_string();
        self.books
            .until("a message", |rows| rows.messages.get(&wamid).cloned())
            .await
    }

    /// What this customer got last from us, through the API or from the phone.
    pub fn last_of_ours(&self, customer: &Customer) -> Result<Wamid> {
        self.last_of_ours_that(customer, |_| true)
            .context("there is nothing of ours to answer to")
    }

    fn last_of_ours_that(
        &self,
        customer: &Customer,
        is_it: impl Fn(&str) -> bool,
    ) -> Option<Wamid> {
        self.sim
            .messages()
            .into_iter()
            .rev()
            .find(|message| {
                message.person == customer.id()
                    && message.direction != Direction::FromCustomer
                    && is_it(&message.kind)
            })
            .map(|message| message.id)
    }
}

/// The words that were prepared for the phone in this scene.
fn words_of_the_start(scene: &Scene) -> Option<&str> {
    scene.lines.iter().rev().find_map(|line| match &line.act {
        Act::Agent(_, AgentAct::StartsOnPhone(text)) => Some(text.as_str()),
        _ => None,
    })
}

/// How long before the present the first line is said.
pub fn longest_ago(scenes: &[Scene]) -> Duration {
    scenes
        .iter()
        .flat_map(|scene| &scene.lines)
        .map(|line| line.ago)
        .max()
        .unwrap_or_default()
}
