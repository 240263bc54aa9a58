//! JSON as protobuf's `Struct`, for dynamic metadata.

use envoy_types::pb::google::protobuf::value::Kind;
use envoy_types::pb::google::protobuf::{ListValue, Struct, Value as Proto};
use serde_json::{Map, Value};

/// An object.
pub(super) fn object(map: Map<String, Value>) -> Struct {
    Struct { fields: map.into_iter().map(|(name, value)| (name, proto(value))).collect() }
}

fn proto(value: Value) -> Proto {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(flag) => Kind::BoolValue(flag),
        // A `Struct` knows numbers as doubles only; what is none is of no use to a proxy's log either.
        Value::Number(number) => number.as_f64().map_or(Kind::NullValue(0), Kind::NumberValue),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(values) => Kind::ListValue(ListValue { values: values.into_iter().map(proto).collect() }),
        Value::Object(map) => Kind::StructValue(object(map)),
    };
    Proto { kind: Some(kind) }
}
