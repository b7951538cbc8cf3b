using System.Globalization;
using System.Text;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Auditing;

/// <summary>An entry in the parts of ModSecurity's serial audit log, those that <c>SecAuditLogParts</c> asks for.</summary>
internal sealed class NativeAuditFormat : IAuditFormat
{
    private static readonly string[] Severities = ["EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"];

    public void Write(AuditEntry entry, StringBuilder output)
    {
        var transaction = entry.Transaction;
        var boundary = transaction.UniqueId[^8..];
        WriteHead(entry, boundary, output);
        foreach (var part in transaction.AuditParts.Distinct())
        {
            switch (part)
            {
                case 'B':
                    Begin(output, boundary, part);
                    output.Append(WithTarget(transaction)).Append('\n');
                    WriteHeaders(transaction, Variable.RequestHeaders, output);
                    break;
                case 'C' or 'I' when transaction.First(Variable.RequestBody, null) is { Length: > 0 } body && !MaskedText.HidesArguments(transaction):
                    Begin(output, boundary, part);
                    output.Append(body).Append('\n');
                    break;
                case 'E' when transaction.First(Variable.ResponseBody, null) is { Length: > 0 } body:
                    Begin(output, boundary, part);
                    output.Append(body).Append('\n');
                    break;
                case 'F':
                    Begin(output, boundary, part);
                    output.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {entry.Status}\n");
                    WriteHeaders(transaction, Variable.ResponseHeaders, output);
                    break;
                case 'H':
                    Begin(output, boundary, part);
                    WriteMessages(entry, output);
                    break;
            }
        }

        Begin(output, boundary, 'Z');
        output.Append('\n');
    }

    private static void WriteHead(AuditEntry entry, string boundary, StringBuilder output)
    {
        var transaction = entry.Transaction;
        Begin(output, boundary, 'A');
        var time = transaction.StartedAt.ToString("dd/MMM/yyyy:HH:mm:ss.ffffff zz00", CultureInfo.InvariantCulture);
        output.Append(CultureInfo.InvariantCulture, $"[{time}] {transaction.UniqueId} {transaction.First(Variable.RemoteAddr, null)} {entry.RemotePort} ");
        output.Append(CultureInfo.InvariantCulture, $"{transaction.First(Variable.ServerAddr, null)} {transaction.First(Variable.ServerPort, null)}\n");
    }

    private static void Begin(StringBuilder output, string boundary, char part) => output.Append(CultureInfo.InvariantCulture, $"--{boundary}-{part}--\n");

    private static string WithTarget(Transaction transaction) => string.Join(
        ' ',
        transaction.First(Variable.RequestMethod, null),
        MaskedText.Target(transaction),
        transaction.First(Variable.RequestProtocol, null));

    private static void WriteHeaders(Transaction transaction, Variable variable, StringBuilder output)
    {
        foreach (var header in transaction.ValuesOf(variable))
        {
            output.Append(header.Key).Append(": ").Append(MaskedText.Header(transaction, variable, header.Key, header.Text)).Append('\n');
        }

        output.Append('\n');
    }

    private static void WriteMessages(AuditEntry entry, StringBuilder output)
    {
        var transaction = entry.Transaction;
        foreach (var match in transaction.Matches)
        {
            output.Append("Message: ");
            Describe(transaction, match, output);
            output.Append('\n');
        }

        if (transaction.Interception is { } interception)
        {
            output.Append(CultureInfo.InvariantCulture, $"Action: Intercepted (phase {interception.Rule.Phase})\n");
        }

        output.Append("Producer: FilterProxy");
        foreach (var signature in transaction.Settings.Signatures)
        {
            output.Append("; ").Append(signature);
        }

        output.Append("\nEngine-Mode: \"").Append(transaction.Mode switch { EngineMode.On => "ENABLED", EngineMode.Off => "DISABLED", _ => "DETECTION_ONLY" }).Append("\"\n");
    }

    private static void Describe(Transaction transaction, RuleMatch match, StringBuilder output)
    {
        var isStop = transaction.Interception?.Rule == match.Rule;
        output.Append(isStop ? $"Access denied with code {transaction.Interception!.Status}. " : "Warning. ");
        if (match.Variable.Length > 0)
        {
            output.Append("Match of \"").Append(Escape(match.Last.OperatorText, 256)).Append("\" at ").Append(Escape(match.Variable, 128)).Append('.');
        }

        output.Append(CultureInfo.InvariantCulture, $" [file \"{match.Rule.File}\"] [line \"{match.Rule.Line}\"] [id \"{match.Rule.Id}\"]");
        Field(output, "rev", match.Rule.Revision);
        Field(output, "msg", match.Message);
        Field(output, "data", MaskedText.Of(transaction, match.Variable, match.LogData));
        Field(output, "severity", match.Rule.Severity < 0 ? "" : Severities[match.Rule.Severity]);
        Field(output, "ver", match.Rule.Version);
        foreach (var tag in match.Tags)
        {
            Field(output, "tag", tag);
        }
    }

    private static void Field(StringBuilder output, string name, string value)
    {
        if (value.Length > 0)
        {
            output.Append(" [").Append(name).Append(" \"").Append(Escape(value, 512)).Append("\"]");
        }
    }

    // What a client sent must not look like another line or field.
    private static string Escape(string text, int max)
    {
        var escaped = new StringBuilder();
        foreach (var c in text.AsSpan(0, Math.Min(max, text.Length)))
        {
            if (c is '"' or '\\')
            {
                escaped.Append('\\').Append(c);
            }
            else if (c is < ' ' or > '~')
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            }
            else
            {
                escaped.Append(c);
            }
        }

        return escaped.ToString();
    }
}
