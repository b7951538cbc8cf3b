using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.AccessLog;

/// <summary>A syslog receiver, and how lines are labelled for it (RFC 5424).</summary>
public sealed record SyslogOptions : IValidatableObject
{
    /// <summary>Where it listens: <c>udp://127.0.0.1:514</c>, <c>tcp://logs.internal:601</c> or <c>unix:/dev/log</c>.</summary>
    [Required(ErrorMessage = "address must not be empty")]
    public string Address { get; init; } = "unix:/dev/log";

    /// <summary>What kind of program speaks.</summary>
    public SyslogFacility Facility { get; init; } = SyslogFacility.Local7;

    /// <summary>What the program is called.</summary>
    public string AppName { get; init; } = "filterproxy";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!SyslogAddress.TryParse(Address, out _, out var error))
        {
            yield return new ValidationResult(error, [nameof(Address)]);
        }

        // RFC 5424 §6: up to 48 visible characters.
        if (AppName.Length is 0 or > 48 || !AppName.All(static c => c is > ' ' and < '\x7f'))
        {
            yield return new ValidationResult("app_name must be 1 to 48 visible ASCII characters", [nameof(AppName)]);
        }
    }
}
