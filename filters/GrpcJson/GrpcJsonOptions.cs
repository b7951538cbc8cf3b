using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.GrpcJson;

/// <summary>Options of <see cref="GrpcJsonFilter"/>.</summary>
public sealed record GrpcJsonOptions
{
    /// <summary>File of <c>protoc --descriptor_set_out --include_imports</c>, relative to the configuration.</summary>
    [Required]
    public required string Descriptors { get; init; }

    /// <summary>The services, with their packages, e.g. <c>pkg.Greeter</c>. Default: all in the file.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Whether each method can also be called as <c>POST /pkg.Service/Method</c> with its message as the body. Default: true.</summary>
    public bool Direct { get; init; } = true;

    /// <summary>How a stream of responses is written: <c>array</c>, <c>ndjson</c> or <c>sse</c>. Default: array.</summary>
    public GrpcJsonStream Stream { get; init; }

    /// <summary>Whether fields are called as in the .proto file rather than in lowerCamelCase. Default: false.</summary>
    public bool ProtoNames { get; init; }

    /// <summary>Whether fields that are not there are written with their defaults. Default: false.</summary>
    public bool Defaults { get; init; }

    /// <summary>The largest message, either way. Default: 4MiB.</summary>
    public ByteSize MaxMessage { get; init; } = ByteSize.FromMiB(4);
}
