//! The signature base. RFC 9421, section 2.5.

use super::{invalid, read_input};
use crate::aauth::component::Component;
use crate::aauth::error::SignatureError;
use crate::aauth::message::Message;
use crate::aauth::sf;

/// The signature base over a message, for a covered list with its parameters as a `Signature-Input` member has them.
/// Nothing is asked of them: what AAuth requires of a signature is [`super::SignedRequest::read`]'s.
pub fn base_of(message: &Message, covered: &str) -> Result<Vec<u8>, SignatureError> {
    let (components, _) = read_input(covered)?;
    base(message, &components, covered, false)
}

/// The signature base: one line a component, then `@signature-params`.
pub(in crate::aauth) fn base(
    message: &Message,
    covered: &[Component],
    params: &str,
    rejoined: bool,
) -> Result<Vec<u8>, SignatureError> {
    let mut base = Vec::with_capacity(1024);
    for component in covered {
        let mut value = message.component(component).map_err(|fault| invalid(fault.to_string()))?;
        // Proxies join fields; a comma in a path or a query is the sender's own.
        if rejoined && !component.name().starts_with('@') {
            value = rejoin(&value).unwrap_or(value);
        }
        if value.contains(&b'\n') {
            return Err(invalid(format!("the component `{}` holds a line break", sf::printable(component.name()))));
        }
        base.extend_from_slice(component.identifier().as_bytes());
        base.extend_from_slice(b": ");
        base.extend_from_slice(&value);
        base.push(b'\n');
    }
    base.extend_from_slice(b"\"@signature-params\": ");
    base.extend_from_slice(params.as_bytes());
    Ok(base)
}

/// The value with a space after each comma outside a quoted string; `None` when every comma has one.
pub(super) fn rejoin(value: &[u8]) -> Option<Vec<u8>> {
    let (mut out, mut quoted, mut escaped, mut changed) = (Vec::with_capacity(value.len() + 8), false, false, false);
    let mut bytes = value.iter().peekable();
    while let Some(&byte) = bytes.next() {
        out.push(byte);
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted && bytes.peek().is_some_and(|next| **next != b' ') => {
                out.push(b' ');
                changed = true;
            }
            _ => {}
        }
    }
    changed.then_some(out)
}
