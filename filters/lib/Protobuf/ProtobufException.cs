namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>A message, or its JSON, is not what its type says.</summary>
internal sealed class ProtobufException(string message) : Exception(message);
