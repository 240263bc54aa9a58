//! What a resource asks for, in its own words and about the token it saw.
//!
//! Implements "Resource Token Verification" of draft-hardt-oauth-aauth-protocol-11. A resource token that says something
//! else than the token it came with is evidence of tampering, and is kept for the operator and the person to see.

use aauth_authorizer::aauth::error::TokenParameter;
use aauth_authorizer::aauth::identifier::ServerId;
use aauth_authorizer::aauth::token::TokenType;
use aauth_authorizer::aauth::token::resource::ResourceToken;
use aauth_authorizer::aauth::verify::{Verified, VerifiedToken};

use super::PersonServer;
use super::authenticate::Signed;
use super::inbound::Parameters;
use super::refusal::{Outcome, Refusal};
use super::whose::MAX_TOKEN;
use crate::domain::ask::{AuthorizeAsk, Federation, Hints, Presented, ResourceInteraction, SubAgent, Upstream};
use crate::domain::audit::AuditEvent;

/// On whose behalf, beside the agent that signed.
#[derive(Debug, Clone, Default)]
pub(super) struct Behalf {
    pub(super) subagent: Option<SubAgent>,
    pub(super) upstream: Option<Upstream>,
}

impl PersonServer {
    /// Reads and verifies `resource_token` and `presented_token`.
    pub(super) async fn resource_ask(
        &self,
        signed: &Signed,
        parameters: &Parameters,
        behalf: Behalf,
        hints: &Hints,
    ) -> Outcome<AuthorizeAsk> {
        let resource_token = parameters.text("resource_token", MAX_TOKEN)?;
        let presented_token = parameters.text("presented_token", MAX_TOKEN)?;
        let asked = self.resource_token(&resource_token).await?;
        let key = behalf.subagent.as_ref().map_or(&signed.agent.key, |subagent| &subagent.key);
        if asked.agent_jkt != key.thumbprint().as_str() {
            return Err(invalid("its `agent_jkt` is not the key of the agent it is for"));
        }
        if asked.ps != self.settings.issuer {
            return Err(invalid("its `ps` names another person server"));
        }
        let takes = [TokenType::Person, TokenType::Auth];
        let resource = asked.common.iss.clone();
        let presented = self.token_parameter(TokenParameter::Presented, &presented_token, resource, &takes).await?;
        self.says_the_same(signed, &asked, &presented).await?;
        let three_party = asked.aud == self.settings.issuer;
        let text = |name: &str| parameters.optional_text(name, MAX_TOKEN);
        let federation = if three_party {
            None
        } else {
            Some(Federation {
                resource_token,
                agent_token: signed.compact.clone(),
                presented_token,
                subagent_token: text("subagent_token")?,
                upstream_token: text("upstream_token")?,
                pending_url: None,
                claims: Vec::new(),
            })
        };
        Ok(authorize_ask(&asked, &presented, behalf, hints, federation))
    }

    /// Step 3: the resource token says of the presented token what that says itself.
    async fn says_the_same(&self, signed: &Signed, asked: &ResourceToken, presented: &VerifiedToken) -> Outcome<()> {
        let facts = Facts::of(presented).ok_or_else(|| invalid("an agent token cannot be presented"))?;
        if presented.key().thumbprint().as_str() != asked.agent_jkt {
            return Err(Refusal::problem(
                400,
                "invalid_presented_token",
                "it is bound to another key than `agent_jkt`",
            ));
        }
        let claims = [
            ("presented_jti", asked.presented_jti == presented.common().jti),
            ("ps", asked.ps == *facts.ps),
            ("sub", asked.sub == facts.sub),
            ("mission_s256", asked.mission_s256.as_deref() == facts.mission),
            ("tenant", asked.tenant.as_deref() == facts.tenant),
        ];
        let Some((claim, _)) = claims.into_iter().find(|(_, same)| !same) else { return Ok(()) };
        self.tampering(signed, asked, claim).await;
        Err(invalid(&format!("its `{claim}` is not what the presented token says")))
    }

    /// "A mismatch against a token that verifies is evidence of tampering and SHOULD be surfaced to operators."
    async fn tampering(&self, signed: &Signed, asked: &ResourceToken, claim: &str) {
        let agent = signed.key();
        tracing::warn!(agent = agent.sub.as_str(), resource = %asked.common.iss.as_str(), claim, "tampering suspected");
        let person = self.store.agent(&agent).await.ok().flatten().map(|binding| binding.person);
        let mut event = AuditEvent::new(self.clock.now(), person, "tampering.suspected");
        event.agent = Some(agent.sub.as_str().to_owned());
        event.resource = Some(asked.common.iss.as_str().to_owned());
        event.detail.insert("claim".to_owned(), claim.into());
        if let Err(error) = self.store.note(event).await {
            tracing::error!(%error, "a suspicion of tampering could not be recorded");
        }
    }
}

/// What a presented token says of the person.
struct Facts<'a> {
    ps: &'a ServerId,
    sub: &'a str,
    mission: Option<&'a str>,
    tenant: Option<&'a str>,
}

impl<'a> Facts<'a> {
    fn of(token: &'a VerifiedToken) -> Option<Self> {
        match token {
            VerifiedToken::Person(token) => Some(Self {
                ps: &token.common.iss,
                sub: &token.sub,
                mission: token.mission_s256.as_deref(),
                tenant: token.tenant.as_deref(),
            }),
            VerifiedToken::Auth(token) => Some(Self {
                ps: &token.ps,
                sub: &token.sub,
                mission: token.mission_s256.as_deref(),
                tenant: token.tenant.as_deref(),
            }),
            VerifiedToken::Agent(_) => None,
        }
    }
}

fn authorize_ask(
    asked: &Verified<ResourceToken>,
    presented: &VerifiedToken,
    behalf: Behalf,
    hints: &Hints,
    federation: Option<Federation>,
) -> AuthorizeAsk {
    AuthorizeAsk {
        resource: asked.common.iss.clone(),
        audience: asked.aud.clone(),
        jti: asked.common.jti.clone(),
        exp: asked.common.exp,
        sub: asked.sub.clone(),
        scopes: asked.scopes.clone(),
        account: asked.account.clone(),
        mission: asked.mission_s256.clone(),
        tenant: asked.tenant.clone(),
        presented: Presented {
            iss: presented.common().iss.clone(),
            jti: presented.common().jti.clone(),
            exp: presented.common().exp,
            key: presented.key().clone(),
        },
        subagent: behalf.subagent,
        upstream: behalf.upstream,
        interaction: asked.interaction.as_ref().map(|interaction| ResourceInteraction {
            url: interaction.url.as_str().to_owned(),
            code: interaction.code().to_owned(),
        }),
        hints: hints.clone(),
        federation,
    }
}

fn invalid(detail: &str) -> Refusal {
    Refusal::problem(400, "invalid_resource_token", detail)
}
