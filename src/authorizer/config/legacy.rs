//! Keys of the earlier generation that do nothing here: accepted, so that its files load, and said to do nothing.

use super::reader::Section;

pub(super) fn ignored_resource_keys(section: &Section<'_>) {
    if let Some(policy) = section.optional_section("policy") {
        policy.ignored("name", "what is allowed is told by the policies in `policies.dir`");
    }
    section.ignored("login_endpoint", "draft-11 metadata has no such member");
    section.ignored("allow_insecure_jwt_issuer", "`development.loopback_issuers` is the switch");
    for key in ["oauth_bridge", "opaque_token_key", "interaction_ttl", "success_redirect"] {
        section.ignored(key, "access by `interaction` is not supported by this version");
    }
}
