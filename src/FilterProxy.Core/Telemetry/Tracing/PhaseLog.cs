using System.Globalization;
using System.Text;

namespace FilterProxy.Core.Telemetry.Tracing;

/// <summary>One phase of an exchange, or one filter in it.</summary>
/// <param name="Phase">Which.</param>
/// <param name="Filter">The filter; null for the phase itself.</param>
/// <param name="Began">Clock ticks.</param>
/// <param name="Ended">Clock ticks; 0 while it goes on.</param>
/// <param name="Outcome">What came of it, where there is something to say.</param>
internal readonly record struct PhaseEntry(string Phase, string? Filter, long Began, long Ended, string? Outcome);

/// <summary>The phases one exchange went through, with their times: kept only for exchanges that are traced or debugged.</summary>
internal sealed class PhaseLog(TimeProvider time)
{
    // As many as most exchanges have without filters of their own.
    private readonly List<PhaseEntry> _entries = new(8);
    private readonly Lock _lock = new();
    private int _phase = -1, _filter = -1;

    public IReadOnlyList<PhaseEntry> Entries
    {
        get
        {
            lock (_lock)
            {
                return [.. _entries];
            }
        }
    }

    /// <summary>A phase begins, and the one before is over. A filter that is noted still has ended that one.</summary>
    public void Enter(string phase)
    {
        lock (_lock)
        {
            End(ref _filter, "stop");
            End(ref _phase, null);
            _phase = _entries.Count;
            _entries.Add(new PhaseEntry(phase, null, time.GetTimestamp(), 0, null));
        }
    }

    /// <summary>What came of the phase that goes on.</summary>
    public void Note(string outcome)
    {
        lock (_lock)
        {
            if (_phase >= 0)
            {
                _entries[_phase] = _entries[_phase] with { Outcome = outcome };
            }
        }
    }

    /// <summary>A filter is being called from now on; null for none any more.</summary>
    public void CallFilter(string? name)
    {
        lock (_lock)
        {
            End(ref _filter, null);
            if (name is not null)
            {
                _filter = _entries.Count;
                _entries.Add(new PhaseEntry(_phase < 0 ? "" : _entries[_phase].Phase, name, time.GetTimestamp(), 0, null));
            }
        }
    }

    /// <summary>The exchange is over.</summary>
    /// <param name="outcome">Of the filter that is still noted: it ended the phase.</param>
    public void End(string? outcome)
    {
        lock (_lock)
        {
            End(ref _filter, outcome);
            End(ref _phase, null);
        }
    }

    /// <summary><c>request_filter 0.210 (jwt 0.180) | route 0.004 | …</c>, in milliseconds.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        var inParentheses = false;
        foreach (var entry in Entries)
        {
            if (entry.Filter is null)
            {
                text.Append(inParentheses ? ")" : "").Append(text.Length > 0 ? " | " : "").Append(entry.Phase);
                inParentheses = false;
            }
            else
            {
                text.Append(inParentheses ? ", " : " (").Append(entry.Filter);
                inParentheses = true;
            }

            var took = entry.Ended == 0 ? TimeSpan.Zero : time.GetElapsedTime(entry.Began, entry.Ended);
            text.Append(CultureInfo.InvariantCulture, $" {took.TotalMilliseconds:0.000}");
            if (entry.Outcome is { } outcome)
            {
                text.Append(" [").Append(outcome).Append(']');
            }
        }

        return text.Append(inParentheses ? ")" : "").ToString();
    }

    private void End(ref int index, string? outcome)
    {
        if (index >= 0)
        {
            var entry = _entries[index];
            _entries[index] = entry with { Ended = time.GetTimestamp(), Outcome = outcome ?? entry.Outcome };
            index = -1;
        }
    }
}
