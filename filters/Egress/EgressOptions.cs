using System.ComponentModel.DataAnnotations;
using System.Net;

namespace FilterProxy.Filters.Egress;

/// <summary>Options of <see cref="HttpConnectFilter"/> and <see cref="Socks5Filter"/>.</summary>
public sealed record EgressOptions : IValidatableObject
{
    /// <summary>Destinations clients may ask for; one must fit. There is no default: what is not named is refused.</summary>
    public required IReadOnlyList<DestinationOptions> Allow { get; init; }

    /// <summary>
    /// Networks that may be connected to though they are private, loopback or otherwise no part of the public Internet. Without them such
    /// addresses are refused, whatever `allow` says and whatever name leads there.
    /// </summary>
    public IReadOnlyList<IPNetwork> AllowPrivate { get; init; } = [];

    /// <summary>Names and passwords of users; without any everybody who can connect may use it.</summary>
    [Secret]
    public IReadOnlyDictionary<string, string> Users { get; init; } = new Dictionary<string, string>();

    /// <summary>How long a client may take to say where it wants to go.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the name, and then each of its addresses, may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long neither side may send anything; `off` for no limit.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a connection may last; `off` for no limit.</summary>
    public TimeSpan MaxDuration { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Allow.Count == 0)
        {
            yield return new ValidationResult("allow must name at least one destination, or nothing could be reached", [nameof(Allow)]);
        }

        foreach (var (name, time) in new[] { (nameof(HandshakeTimeout), HandshakeTimeout), (nameof(ConnectTimeout), ConnectTimeout) })
        {
            if (time < TimeSpan.FromMilliseconds(10) || time > TimeSpan.FromMinutes(5))
            {
                yield return new ValidationResult("must be between 10ms and 5m", [name]);
            }
        }

        // RFC 1929 §2 and RFC 7617 §2.
        if (Users.Any(user => user.Key.Length is 0 or > 255 || user.Value.Length is 0 or > 255 || user.Key.Contains(':', StringComparison.Ordinal)))
        {
            yield return new ValidationResult("users have names without ':' and passwords, each of 1 to 255 characters", [nameof(Users)]);
        }
    }
}
