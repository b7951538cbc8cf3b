using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.GrpcHttp1Bridge;

/// <summary>Options of <see cref="GrpcHttp1BridgeFilter"/>.</summary>
public sealed record GrpcHttp1BridgeOptions
{
    /// <summary>The Content-Type and Accept the upstream gets, and the one its answer must have. Default: application/x-protobuf.</summary>
    [Required]
    public string ContentType { get; init; } = "application/x-protobuf";

    /// <summary>Whether messages stay in gRPC's frames of 5 bytes and a message, both ways. Default: false.</summary>
    public bool KeepFrames { get; init; }

    /// <summary>The largest message, either way. Default: 4MiB.</summary>
    public ByteSize MaxMessage { get; init; } = ByteSize.FromMiB(4);
}
