using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>One way to learn which agent, or which cluster of agents, a request or a connection is for. One of the fields says where to look.</summary>
public sealed record TunnelTargetOptions : IValidatableObject
{
    /// <summary>A header field of the request.</summary>
    public string? Header { get; init; }

    /// <summary>A pattern over the request's path whose first group is the id: `^/agents/([^/]+)/`.</summary>
    public string? Path { get; init; }

    /// <summary>A pattern over the name asked for in TLS whose first group is the id: `^([^.]+)[.]agents[.]example[.]com$`.</summary>
    public string? ServerName { get; init; }

    /// <summary>What another filter has found out, as `namespace:key`.</summary>
    public string? Metadata { get; init; }

    /// <summary>The client's address.</summary>
    public bool RemoteAddress { get; init; }

    /// <summary>A text with operators, filled in from the request: `%REQ(x-site)%-%REQ(x-zone)%`.</summary>
    public Template? Format { get; init; }

    /// <summary>An id, whatever comes; for connections of one listener it stands alone.</summary>
    public string? Id { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (new[] { Header is not null, Path is not null, ServerName is not null, Metadata is not null, RemoteAddress, Format is not null, Id is not null }.Count(said => said) != 1)
        {
            yield return new("one of header, path, server_name, metadata, remote_address, format and id says where to look");
        }

        if (Metadata is { } metadata && metadata.Split(':') is not [{ Length: > 0 }, { Length: > 0 }])
        {
            yield return new("must be namespace:key", [nameof(Metadata)]);
        }
    }
}
