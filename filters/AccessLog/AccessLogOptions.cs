using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.AccessLog;

/// <summary>Options of <see cref="AccessLogFilter"/>.</summary>
public sealed record AccessLogOptions : IValidatableObject
{
    /// <summary>The form of a line.</summary>
    public AccessLogFormat Format { get; init; } = AccessLogFormat.Text;

    /// <summary>The template of a line of text; null for the default line.</summary>
    public Template? TextFormat { get; init; }

    /// <summary>Fields to add to a line of JSON, or to write instead of a default field of the same name.</summary>
    public IReadOnlyDictionary<string, Template> Fields { get; init; } = new Dictionary<string, Template>();

    /// <summary>Whether a line of JSON has the default fields.</summary>
    public bool DefaultFields { get; init; } = true;

    /// <summary>The file to append to, relative to the configuration file; <c>/dev/stdout</c> and <c>/dev/stderr</c> mean the process's own.</summary>
    [Required(ErrorMessage = "path must not be empty")]
    public string Path { get; init; } = LogFile.StandardOutput;

    /// <summary>A syslog receiver to send to instead of a file; null for none.</summary>
    public SyslogOptions? Syslog { get; init; }

    /// <summary>A collector of OpenTelemetry logs to send to instead of a file; null for none.</summary>
    public OtlpLogOptions? Otlp { get; init; }

    /// <summary>Begin new files and delete old ones; null to leave that to others.</summary>
    public RotateOptions? Rotate { get; init; }

    /// <summary>Which exchanges to write about.</summary>
    public AccessLogScope Only { get; init; } = AccessLogScope.All;

    /// <summary>Write about exchanges of at least this status; 0 for any. With <c>only</c> or <c>min_duration</c>: one of them is enough.</summary>
    [Range(0, 599, ErrorMessage = "min_status must be between 0 and 599")]
    public int MinStatus { get; init; }

    /// <summary>Write about exchanges that took at least this long; 0 for any.</summary>
    public TimeSpan MinDuration { get; init; }

    /// <summary>The part of these exchanges to write about, chosen at random, e.g. <c>10%</c>.</summary>
    public SampleFraction Sample { get; init; } = SampleFraction.All;

    /// <summary>Write about every error, whatever <c>sample</c> says.</summary>
    public bool KeepErrors { get; init; } = true;

    /// <summary>Which secrets to write as <c>***</c>.</summary>
    public MaskOptions Mask { get; init; } = new();

    /// <summary>How many bytes of lines may wait to be written. What comes then is dropped and counted.</summary>
    public ByteSize BufferSize { get; init; } = ByteSize.FromMiB(1);

    /// <summary>How long a line waits at most before it is written.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Whether lines go to a file or the console.</summary>
    internal bool IsFile => Syslog is null && Otlp is null;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Format == AccessLogFormat.Json && TextFormat is not null)
        {
            yield return new ValidationResult("text_format has no effect with format: json; use fields", [nameof(TextFormat)]);
        }

        if (Format == AccessLogFormat.Text && Fields.Count > 0)
        {
            yield return new ValidationResult("fields have no effect with format: text; use text_format", [nameof(Fields)]);
        }

        if (Format == AccessLogFormat.Json && !DefaultFields && Fields.Count == 0)
        {
            yield return new ValidationResult("default_fields: false leaves no field to write; add some to fields", [nameof(DefaultFields)]);
        }

        if (TextFormat?.ToString().TrimEnd('\r', '\n').Any(char.IsControl) == true)
        {
            yield return new ValidationResult("text_format must be one line, without control characters", [nameof(TextFormat)]);
        }

        if ((Syslog is null ? 0 : 1) + (Otlp is null ? 0 : 1) + (Path == LogFile.StandardOutput ? 0 : 1) > 1)
        {
            yield return new ValidationResult("a log goes to one place: path, syslog or otlp; use a second access_log, like 'access_log/syslog'", [nameof(Path)]);
        }

        if (Rotate is not null && (!IsFile || LogFile.IsConsole(Path)))
        {
            yield return new ValidationResult($"only files can be rotated, not {(IsFile ? Path : "what is sent away")}", [nameof(Rotate)]);
        }

        if (MinDuration < TimeSpan.Zero)
        {
            yield return new ValidationResult("min_duration must not be negative", [nameof(MinDuration)]);
        }

        if (BufferSize.Bytes is < 64 << 10 or > 1 << 30)
        {
            yield return new ValidationResult("buffer_size must be between 64KiB and 1GiB", [nameof(BufferSize)]);
        }

        if (FlushInterval < TimeSpan.FromMilliseconds(1) || FlushInterval > TimeSpan.FromMinutes(1))
        {
            yield return new ValidationResult("flush_interval must be between 1ms and 1m", [nameof(FlushInterval)]);
        }
    }
}
