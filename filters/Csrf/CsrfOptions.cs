using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.Csrf;

/// <summary>Options of <see cref="CsrfFilter"/>.</summary>
public sealed record CsrfOptions : IValidatableObject
{
    /// <summary>Origins besides the requested host's whose pages may send, e.g. `https://app.example.com` or `https://*.example.com`.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>Methods that change nothing, and pass. Default: GET, HEAD, OPTIONS, TRACE.</summary>
    public IReadOnlyList<string> SafeMethods { get; init; } = ["GET", "HEAD", "OPTIONS", "TRACE"];

    /// <summary>Only requests with one of these cookies are looked at: without what a browser adds by itself nothing can be forged. Default: all requests.</summary>
    public IReadOnlyList<string> Cookies { get; init; } = [];

    /// <summary>Paths that are not looked at, e.g. `/hooks/*`.</summary>
    public IReadOnlyList<string> Except { get; init; } = [];

    /// <summary>Whether requests pass that do not say which page they are from: programs; browsers of the last years all say. Default: false.</summary>
    public bool AllowMissing { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var origin in Origins.Where(origin => !OriginRule.TryParse(origin, out _)))
        {
            yield return new($"'{origin}' is no origin like 'https://app.example.com' or 'https://*.example.com'", [nameof(Origins)]);
        }

        foreach (var path in Except.Where(path => !PathRule.TryParse(path, out _)))
        {
            yield return new($"'{path}' is no path like '/login' or '/hooks/*'", [nameof(Except)]);
        }
    }
}
