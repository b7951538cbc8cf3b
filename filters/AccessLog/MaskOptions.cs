using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.AccessLog;

/// <summary>
/// Whose values are written as <c>***</c>: names without case, with <c>*</c> at either end for anything. A list replaces its default.
/// </summary>
public sealed record MaskOptions : IValidatableObject
{
    private static readonly string[] DefaultHeaders =
    [
        "authorization", "proxy-authorization", "authentication-info", "cookie", "set-cookie", "*api-key*", "*apikey*", "*token*", "*secret*",
        "*password*", "*-jwt*", "*assertion*", "*credential*", "*session*", "x-forwarded-client-cert",
    ];

    private static readonly string[] DefaultQuery =
    [
        "*token*", "*password*", "passwd", "pwd", "pass", "*secret*", "code", "code_verifier", "*api_key*", "*api-key*", "*apikey*", "key", "auth",
        "authorization", "*signature*", "sig", "*credential*", "*session*", "sid", "jwt", "*assertion*", "samlresponse", "samlrequest", "otp", "ticket",
    ];

    private static readonly string[] DefaultCookies = ["*"];

    /// <summary>Header and trailer fields of requests and responses.</summary>
    public IReadOnlyList<string> Headers { get; init; } = DefaultHeaders;

    /// <summary>Query parameters, also within addresses in fields such as Referer and Location.</summary>
    public IReadOnlyList<string> Query { get; init; } = DefaultQuery;

    /// <summary>Cookies printed by <c>%COOKIE(name)%</c>.</summary>
    public IReadOnlyList<string> Cookies { get; init; } = DefaultCookies;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, patterns) in new[] { (nameof(Headers), Headers), (nameof(Query), Query), (nameof(Cookies), Cookies) })
        {
            if (Problem(patterns) is { } problem)
            {
                yield return new ValidationResult(problem, [name]);
            }
        }
    }

    /// <summary>The mask they describe.</summary>
    internal TemplateMask ToMask() => new(Headers, Query, Cookies);

    private static string? Problem(IReadOnlyList<string> patterns)
    {
        try
        {
            _ = new TemplateMask(patterns, [], []);
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }
}
