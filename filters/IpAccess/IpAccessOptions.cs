using System.ComponentModel.DataAnnotations;
using System.Net;

namespace FilterProxy.Filters.IpAccess;

/// <summary>Options of <see cref="IpAccessFilter"/>.</summary>
public sealed record IpAccessOptions
{
    /// <summary>Networks and addresses that may pass, e.g. `10.0.0.0/8`. With any, everybody else is refused. Default: everybody may.</summary>
    public IReadOnlyList<IPNetwork> Allow { get; init; } = [];

    /// <summary>Networks and addresses that are refused.</summary>
    public IReadOnlyList<IPNetwork> Deny { get; init; } = [];

    /// <summary>Files with networks to allow, one a line, `#` begins a comment. A change of a file is taken over.</summary>
    public IReadOnlyList<string> AllowFiles { get; init; } = [];

    /// <summary>Files with networks to refuse, as `allow_files`.</summary>
    public IReadOnlyList<string> DenyFiles { get; init; } = [];

    /// <summary>Status of the refusal, 400 to 599; connections are reset. Default: 403.</summary>
    [Range(400, 599, ErrorMessage = "must be between 400 and 599")]
    public int Status { get; init; } = 403;
}
