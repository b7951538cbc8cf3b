using System.ComponentModel.DataAnnotations;
using System.Text;

namespace FilterProxy.Filters.ExtAuthz;

/// <summary>Options of <see cref="ExtAuthzFilter"/>.</summary>
public sealed record ExtAuthzOptions : IValidatableObject
{
    /// <summary>The cluster of the service that decides.</summary>
    [Required(ErrorMessage = "cluster is missing")]
    public string Cluster { get; init; } = "";

    /// <summary>What stands before the request's own path and query when the service is asked, e.g. `/check`. Default: nothing.</summary>
    public string PathPrefix { get; init; } = "";

    /// <summary>How long it may take. Default: 200ms.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Request headers the service gets, besides `host`, `authorization` and `cookie`. Default: none.</summary>
    public IReadOnlyList<string> RequestHeaders { get; init; } = [];

    /// <summary>Whether it gets the request's body; without this it gets none.</summary>
    public ExtAuthzBodyOptions? Body { get; init; }

    /// <summary>Headers of its answer that the upstream gets when it lets a request pass, instead of what the client sent there. What clients send there is taken away also where it says nothing.</summary>
    public IReadOnlyList<string> UpstreamHeaders { get; init; } = [];

    /// <summary>Headers of its answer that the client gets when it refuses, besides `www-authenticate`, `location`, `set-cookie` and `content-type`.</summary>
    public IReadOnlyList<string> ClientHeaders { get; init; } = [];

    /// <summary>Headers of its answer that become metadata under `ext_authz`, for other filters and logs.</summary>
    public IReadOnlyList<string> MetadataHeaders { get; init; } = [];

    /// <summary>Whether requests pass when the service cannot be asked, or answers with 5xx. Default: false.</summary>
    public bool FailOpen { get; init; }

    /// <summary>Status of requests that are refused because the service cannot be asked, 400 to 599. Default: 403.</summary>
    [Range(400, 599, ErrorMessage = "must be between 400 and 599")]
    public int StatusOnError { get; init; } = 403;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var name in RequestHeaders.Concat(UpstreamHeaders).Concat(ClientHeaders).Concat(MetadataHeaders).Where(name => !HeaderName.IsToken(Encoding.UTF8.GetBytes(name))))
        {
            yield return new($"'{name}' is no header name", [nameof(RequestHeaders)]);
        }

        if (RequestHeaders.FirstOrDefault(name => name.ToLowerInvariant() is "content-length" or "transfer-encoding" or "connection" or "expect" or "upgrade") is { } hop)
        {
            yield return new($"'{hop}' belongs to the connection", [nameof(RequestHeaders)]);
        }

        if (UpstreamHeaders.FirstOrDefault(name => name.ToLowerInvariant() is "host" or "content-length" or "transfer-encoding" or "connection") is { } framing)
        {
            yield return new($"'{framing}' cannot be changed by an answer", [nameof(UpstreamHeaders)]);
        }

        if (PathPrefix.Length > 0 && (PathPrefix[0] != '/' || PathPrefix.Any(c => c is <= ' ' or > '~' or '?' or '#')))
        {
            yield return new("must begin with '/' and have no query", [nameof(PathPrefix)]);
        }

        if (Timeout <= TimeSpan.Zero)
        {
            yield return new("must be more than 0", [nameof(Timeout)]);
        }
    }
}
