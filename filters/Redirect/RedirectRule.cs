using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace FilterProxy.Filters.Redirect;

/// <summary>A path that moved.</summary>
public sealed partial record RedirectRule : IValidatableObject
{
    /// <summary>Regular expression for the path, without its query. Must match the whole path.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// Where it is now: a path, or an absolute URL whose host is written out; `$1` is the first group of `path`. The query of the request follows.
    /// </summary>
    public required string To { get; init; }

    /// <summary>Status of this redirect: 301, 302, 303, 307 or 308. Default: the filter's.</summary>
    public int? Status { get; init; }

    /// <summary>Whether the query of the request is kept. Default: true.</summary>
    public bool KeepQuery { get; init; } = true;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Status is { } status && !IsStatus(status))
        {
            yield return new("must be 301, 302, 303, 307 or 308", [nameof(Status)]);
        }

        if (!Target.IsMatch(To))
        {
            yield return new(
                $"'{To}' must be a path that begins with '/', or a URL like 'https://example.com/…' with nothing of the request in its host", [nameof(To)]);
        }
    }

    internal static bool IsStatus(int status) => status is 301 or 302 or 303 or 307 or 308;

    /// <summary>Scheme and host of <see cref="To"/>; empty for a path.</summary>
    internal string Origin => Target.Match(To).Groups["origin"].Value;

    // Without the slash after the host a group could go on writing it: https://example.com$1 with ".evil.test".
    [GeneratedRegex(@"\A(?<origin>https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?|https?://\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?)?/(?![/\\])[\x21-\x7E-[\\""<>]]*\z")]
    private static partial Regex Target { get; }
}
