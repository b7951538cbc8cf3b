using System.Text.Json;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>Which way the last connection went for which a direct one was looked for, and why.</summary>
internal sealed class PathRecord(TimeProvider time)
{
    private readonly Lock _lock = new();
    private bool? _isDirect;
    private string _reason = "";
    private DateTimeOffset _since;
    private long _direct, _relayed;

    /// <summary>Whether the last attempt found a way; null where there was none.</summary>
    public bool? IsDirect
    {
        get
        {
            lock (_lock)
            {
                return _isDirect;
            }
        }
    }

    /// <summary>Notes an attempt.</summary>
    /// <returns>Whether connections go another way than before.</returns>
    public bool Note(bool isDirect, string reason)
    {
        lock (_lock)
        {
            var isNew = _isDirect != isDirect;
            (_direct, _relayed) = isDirect ? (_direct + 1, _relayed) : (_direct, _relayed + 1);
            (_isDirect, _reason, _since) = (isDirect, reason, isNew ? time.GetUtcNow() : _since);
            return isNew;
        }
    }

    /// <summary>Writes properties of an object.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        lock (_lock)
        {
            writer.WriteString("path", _isDirect switch { true => "direct", false => "relayed", null => null });
            writer.WriteString("reason", _isDirect is null ? null : _reason);
            if (_isDirect is null)
            {
                writer.WriteNull("since");
            }
            else
            {
                writer.WriteString("since", _since);
            }

            writer.WriteNumber("attempts_direct", _direct);
            writer.WriteNumber("attempts_relayed", _relayed);
        }
    }
}
