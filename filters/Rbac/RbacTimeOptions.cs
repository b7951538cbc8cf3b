using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace FilterProxy.Filters.Rbac;

/// <summary>Times of the week.</summary>
public sealed record RbacTimeOptions : IValidatableObject
{
    /// <summary>Days, e.g. `monday`. Default: all.</summary>
    public IReadOnlyList<DayOfWeek> Days { get; init; } = [];

    /// <summary>When it begins, e.g. `08:00`. Default: 00:00.</summary>
    public string From { get; init; } = "00:00";

    /// <summary>When it ends; earlier than `from` for the next day, whose beginning belongs to the day before. Default: 24:00.</summary>
    public string To { get; init; } = "24:00";

    /// <summary>Where, as a name of the time zone database, e.g. `Europe/Berlin`. Default: UTC.</summary>
    public string Zone { get; init; } = "UTC";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var text in new[] { From, To }.Where(text => !TryParse(text, out _)))
        {
            yield return new($"'{text}' is no time like '08:00'", [nameof(From)]);
        }

        if (From == To)
        {
            yield return new("from and to are the same", [nameof(To)]);
        }

        if (!TimeZoneInfo.TryFindSystemTimeZoneById(Zone, out _))
        {
            yield return new($"there is no time zone '{Zone}' on this machine", [nameof(Zone)]);
        }
    }

    internal static TimeSpan Parse(string text) => TryParse(text, out var time) ? time : throw new ArgumentException($"'{text}' is no time like '08:00'");

    private static bool TryParse(string text, out TimeSpan time)
    {
        time = TimeSpan.FromDays(1);
        return text == "24:00" || TimeSpan.TryParseExact(text, "hh\\:mm", CultureInfo.InvariantCulture, out time);
    }
}
