using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Auditing;

/// <summary>An entry as one line of JSON. Bytes that are no UTF-8 are read as Latin-1.</summary>
internal sealed class JsonAuditFormat : IAuditFormat
{
    private const int MaxText = 1024;

    private readonly ArrayBufferWriter<byte> _buffer = new();

    public void Write(AuditEntry entry, StringBuilder output)
    {
        var transaction = entry.Transaction;
        _buffer.Clear();
        using (var json = new Utf8JsonWriter(_buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", transaction.StartedAt.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteString("id", transaction.UniqueId);
            json.WriteString("client", transaction.First(Variable.RemoteAddr, null));
            json.WriteString("route", entry.Route);
            json.WriteString("method", Text(transaction.First(Variable.RequestMethod, null)));
            json.WriteString("target", Text(MaskedText.Target(transaction)));
            json.WriteString("host", Text(transaction.First(Variable.RequestHeaders, "Host")));
            json.WriteString("user_agent", Text(transaction.First(Variable.RequestHeaders, "User-Agent")));
            json.WriteNumber("status", entry.Status);
            json.WriteBoolean("blocked", entry.Blocked);
            if ((transaction.Interception ?? transaction.WouldIntercept) is { } interception)
            {
                json.WriteNumber(entry.Blocked ? "blocked_by" : "would_be_blocked_by", interception.Rule.Id);
            }

            json.WriteStartArray("matches");
            foreach (var match in transaction.Matches)
            {
                WriteMatch(json, transaction, match);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.Append(Encoding.Latin1.GetString(_buffer.WrittenSpan)).Append('\n');
    }

    private static void WriteMatch(Utf8JsonWriter json, Transaction transaction, RuleMatch match)
    {
        json.WriteStartObject();
        json.WriteNumber("id", match.Rule.Id);
        json.WriteNumber("phase", match.Rule.Phase);
        json.WriteString("message", Text(match.Message));
        if (match.Variable.Length > 0)
        {
            json.WriteString("variable", Text(match.Variable));
            json.WriteString("value", Text(MaskedText.Of(transaction, match.Variable, match.Text)));
        }

        if (match.LogData.Length > 0)
        {
            json.WriteString("data", Text(MaskedText.Of(transaction, match.Variable, match.LogData)));
        }

        if (match.Rule.Severity >= 0)
        {
            json.WriteNumber("severity", match.Rule.Severity);
        }

        json.WriteStartArray("tags");
        foreach (var tag in match.Tags)
        {
            json.WriteStringValue(tag);
        }

        json.WriteEndArray();
        json.WriteString("file", Path.GetFileName(match.Rule.File));
        json.WriteNumber("line", match.Rule.Line);
        json.WriteEndObject();
    }

    private static string Text(string text)
    {
        text = text.Length > MaxText ? text[..MaxText] : text;
        if (Ascii.IsValid(text))
        {
            return text;
        }

        var bytes = Encoding.Latin1.GetBytes(text);
        return System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : text;
    }
}
