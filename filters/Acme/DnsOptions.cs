using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Acme;

/// <summary>The program that sets and removes the TXT records of dns-01.</summary>
public sealed record DnsOptions : IValidatableObject
{
    /// <summary>
    /// The program, absolute or relative to the configuration file, and its first arguments. It is run without a shell, with
    /// <c>present</c> or <c>cleanup</c>, the record's name and its value behind these, and the same in its environment.
    /// </summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>How long one run may take; then it is killed and has failed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long to wait, after the records are set, for all name servers to have them.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Command.Count == 0 || Command[0].Length == 0)
        {
            yield return new ValidationResult("command must name a program", [nameof(Command)]);
        }

        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromHours(1))
        {
            yield return new ValidationResult("timeout must be more than 0 and at most 1h", [nameof(Timeout)]);
        }

        if (Wait < TimeSpan.Zero || Wait > TimeSpan.FromHours(1))
        {
            yield return new ValidationResult("wait must be at most 1h", [nameof(Wait)]);
        }
    }
}
