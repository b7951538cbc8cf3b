using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Redirect;

/// <summary>Options of <see cref="RedirectFilter"/>.</summary>
public sealed record RedirectOptions : IValidatableObject
{
    /// <summary>Status of redirects: 301, 302, 303, 307 or 308. Default: 308, which keeps the method.</summary>
    public int Status { get; init; } = 308;

    /// <summary>Sends requests in the clear to https. Default: false.</summary>
    public bool Https { get; init; }

    /// <summary>Port of https in redirects. Default: 443.</summary>
    [Range(1, 65535, ErrorMessage = "must be between 1 and 65535")]
    public int HttpsPort { get; init; } = 443;

    /// <summary>The one host; requests for another are sent to it. Default: the request's.</summary>
    public string? Host { get; init; }

    /// <summary>What is done about a leading `www.` of the host: `keep`, `add` or `remove`. Default: keep.</summary>
    public WwwPolicy Www { get; init; } = WwwPolicy.Keep;

    /// <summary>What is done about a slash at the end of the path: `keep`, `add` or `remove`. Default: keep.</summary>
    public SlashPolicy TrailingSlash { get; init; } = SlashPolicy.Keep;

    /// <summary>Paths that moved; the first rule that matches counts.</summary>
    public IReadOnlyList<RedirectRule> Rules { get; init; } = [];

    /// <summary>Beginnings of paths that are never redirected, e.g. `/.well-known/acme-challenge/`.</summary>
    public IReadOnlyList<string> Except { get; init; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!RedirectRule.IsStatus(Status))
        {
            yield return new("must be 301, 302, 303, 307 or 308", [nameof(Status)]);
        }

        if (Host is not null && (Uri.CheckHostName(Host) == UriHostNameType.Unknown || Host.Any(char.IsAsciiLetterUpper)))
        {
            yield return new($"'{Host}' is no host name in lower case; a port belongs into https_port", [nameof(Host)]);
        }

        if (Host is not null && Www != WwwPolicy.Keep)
        {
            yield return new("host says how the host is written: www has nothing left to say", [nameof(Www)]);
        }

        if (!Https && Host is null && Www == WwwPolicy.Keep && TrailingSlash == SlashPolicy.Keep && Rules.Count == 0)
        {
            yield return new("at least one of https, host, www, trailing_slash and rules must say what is redirected");
        }
    }
}
