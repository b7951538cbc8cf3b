using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.BasicAuth;

/// <summary>Options of <see cref="BasicAuthFilter"/>.</summary>
public sealed record BasicAuthOptions : IValidatableObject
{
    /// <summary>What the browser says it asks a password for. Default: restricted.</summary>
    public string Realm { get; init; } = "restricted";

    /// <summary>Hashes of passwords by user name; `filterproxy password` makes them.</summary>
    [Secret]
    public IReadOnlyDictionary<string, string> Users { get; init; } = new Dictionary<string, string>();

    /// <summary>A file of further users, `name:hash` a line, `#` begins a comment. A change of the file is taken over.</summary>
    public string? UsersFile { get; init; }

    /// <summary>Request header that tells the upstream the user's name; empty tells nothing. Default: x-user.</summary>
    public string UserHeader { get; init; } = "x-user";

    /// <summary>Whether the upstream gets the Authorization header too. Default: false.</summary>
    public bool Forward { get; init; }

    /// <summary>Duration a password once found right is not derived again; 0 or `off` derives for every request. Default: 5m.</summary>
    public TimeSpan Remember { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Passwords derived at a time: each takes a processor for a good part of a second. Default: 2.</summary>
    [Range(1, 256, ErrorMessage = "must be between 1 and 256")]
    public int Parallel { get; init; } = 2;

    /// <summary>Requests that may wait for that; over it they get 503. Default: 64.</summary>
    [Range(0, 100_000, ErrorMessage = "must be between 0 and 100000")]
    public int Queue { get; init; } = 64;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Users.Count == 0 && UsersFile is null)
        {
            yield return new("users or users_file must name somebody", [nameof(Users)]);
        }

        if (Realm.Any(c => c is < ' ' or > '~' or '"' or '\\'))
        {
            yield return new("must be visible ASCII without quotes and backslashes", [nameof(Realm)]);
        }

        if (UserHeader.Length > 0 && !HeaderName.IsToken(System.Text.Encoding.UTF8.GetBytes(UserHeader)))
        {
            yield return new($"'{UserHeader}' is no header name", [nameof(UserHeader)]);
        }
    }
}
