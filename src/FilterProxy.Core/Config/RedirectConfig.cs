using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>Answers with a redirect. What is not set is taken from the request; at least one of scheme, host, port and path is.</summary>
internal sealed record RedirectConfig
{
    /// <summary>301, 302, 303, 307 or 308. Default: 302.</summary>
    [AllowedValues(301, 302, 303, 307, 308, ErrorMessage = "must be 301, 302, 303, 307 or 308")]
    public int Status { get; init; } = 302;

    /// <summary>http or https. Default: the request's.</summary>
    [AllowedValues(null, "http", "https", ErrorMessage = "must be 'http' or 'https'")]
    public string? Scheme { get; init; }

    /// <summary>Host name. Default: the request's.</summary>
    public string? Host { get; init; }

    /// <summary>Port. Default: the request's, or the scheme's when scheme or host is set.</summary>
    [Range(1, 65535, ErrorMessage = "must be between 1 and 65535")]
    public int? Port { get; init; }

    /// <summary>Path, with the match's captures: <c>/new/{rest}</c>. Default: the request's.</summary>
    public string? Path { get; init; }

    /// <summary>Leaves the query out. Default: false.</summary>
    public bool StripQuery { get; init; }
}
