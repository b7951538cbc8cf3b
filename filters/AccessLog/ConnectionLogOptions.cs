using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.AccessLog;

/// <summary>Options of <see cref="ConnectionLogFilter"/>.</summary>
public sealed record ConnectionLogOptions : IValidatableObject
{
    /// <summary>The form of a line.</summary>
    public AccessLogFormat Format { get; init; } = AccessLogFormat.Text;

    /// <summary>The file to append to, relative to the configuration file; <c>/dev/stdout</c> and <c>/dev/stderr</c> mean the process's own.</summary>
    [Required(ErrorMessage = "path must not be empty")]
    public string Path { get; init; } = LogFile.StandardOutput;

    /// <summary>A syslog receiver to send to instead of a file; null for none.</summary>
    public SyslogOptions? Syslog { get; init; }

    /// <summary>Begin new files and delete old ones; null to leave that to others.</summary>
    public RotateOptions? Rotate { get; init; }

    /// <summary>Write about connections that lasted at least this long; 0 for any.</summary>
    public TimeSpan MinDuration { get; init; }

    /// <summary>How many bytes of lines may wait to be written. What comes then is dropped and counted.</summary>
    public ByteSize BufferSize { get; init; } = ByteSize.FromMiB(1);

    /// <summary>How long a line waits at most before it is written.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>As an access log, whose places these are.</summary>
    internal AccessLogOptions ToAccessLog() => new()
    {
        Path = Path, Syslog = Syslog, Rotate = Rotate, BufferSize = BufferSize, FlushInterval = FlushInterval, MinDuration = MinDuration,
    };

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => ToAccessLog().Validate(validationContext);
}
