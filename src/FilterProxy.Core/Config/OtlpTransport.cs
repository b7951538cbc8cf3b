namespace FilterProxy.Core.Config;

/// <summary>How OTLP is carried.</summary>
internal enum OtlpTransport
{
    /// <summary>Protobuf over HTTP.</summary>
    Http,

    /// <summary>gRPC.</summary>
    Grpc,
}
