using System.Globalization;
using System.Text;
using FilterProxy.Filters.Waf.Collections;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Bodies;

/// <summary>
/// Reads multipart/form-data (RFC 7578) strictly, and notes everything that another reader might take differently: what one of them overlooks is
/// where an attack hides.
/// </summary>
internal sealed class MultipartReader(Transaction transaction)
{
    private static readonly Variable[] Strict =
    [
        Variable.MultipartBoundaryQuoted, Variable.MultipartBoundaryWhitespace, Variable.MultipartDataBefore, Variable.MultipartDataAfter,
        Variable.MultipartHeaderFolding, Variable.MultipartLfLine, Variable.MultipartMissingSemicolon, Variable.MultipartInvalidQuoting,
        Variable.MultipartInvalidPart, Variable.MultipartInvalidHeaderFolding, Variable.MultipartFileLimitExceeded, Variable.MultipartCrlfLfLines,
        Variable.ReqbodyProcessorError,
    ];

    private readonly List<string> _headers = [];
    private bool _hasCrlf;
    private bool _hasLf;
    private long _fileBytes;
    private int _files;

    public void Read(ReadOnlySpan<byte> body)
    {
        if (MultipartBoundary.Find(transaction.First(Variable.RequestHeaders, "Content-Type"), transaction) is { } boundary)
        {
            ReadParts(Encoding.Latin1.GetString(body), "--" + boundary);
        }

        if (_hasCrlf && _hasLf)
        {
            transaction.SetFlag(Variable.MultipartCrlfLfLines);
        }

        if (_hasLf)
        {
            transaction.SetFlag(Variable.MultipartLfLine);
        }

        if (Array.Exists(Strict, flag => transaction.First(flag, null) is not ("0" or "")))
        {
            transaction.SetFlag(Variable.MultipartStrictError);
        }

        transaction.CountWithoutFiles(body.Length - _fileBytes);
        transaction.Set(Variable.FilesCombinedSize, _fileBytes.ToString(CultureInfo.InvariantCulture));
    }

    private void ReadParts(string body, string delimiter)
    {
        var at = 0;
        var isFinal = false;
        var hasBoundary = false;
        var start = -1;
        while (at < body.Length && !isFinal)
        {
            var line = NextLine(body, ref at, out var lineStart);
            if (!line.StartsWith(delimiter, StringComparison.Ordinal))
            {
                NoteOther(line, delimiter, hasBoundary);
                continue;
            }

            if (start >= 0)
            {
                AddPart(body, start, WithoutBreak(body, start, lineStart));
            }

            NoteBreak(body, at);
            var rest = line[delimiter.Length..];
            isFinal = rest is "--";
            if (!isFinal && rest.Length > 0)
            {
                transaction.FailBody("Multipart: Invalid boundary: " + (rest.Trim(" \t").Length == 0 ? "white space behind it" : "characters behind it"));
                return;
            }

            hasBoundary = true;
            start = isFinal ? -1 : ReadHeaders(body, ref at);
        }

        if (!isFinal)
        {
            if (start >= 0)
            {
                AddPart(body, start, body.Length);
            }

            transaction.FailBody(hasBoundary ? "Multipart: Final boundary missing." : "Multipart: No boundaries found in payload.");
        }
        else if (body.AsSpan(at).TrimEnd("\r\n").Length > 0)
        {
            transaction.SetFlag(Variable.MultipartDataAfter);
        }
    }

    private void NoteOther(ReadOnlySpan<char> line, string delimiter, bool hasBoundary)
    {
        if (!hasBoundary && line.Length > 0)
        {
            transaction.SetFlag(Variable.MultipartDataBefore);
        }

        // The boundary in quotes, behind blanks or in another case: another reader might take it for one.
        if (line.StartsWith("-") && line.Trim(" \t\"'-").StartsWith(delimiter.AsSpan().Trim(" \t\"'-"), StringComparison.OrdinalIgnoreCase))
        {
            transaction.SetFlag(Variable.MultipartUnmatchedBoundary);
        }
    }

    private static ReadOnlySpan<char> NextLine(string body, ref int at, out int start)
    {
        start = at;
        var end = body.IndexOf('\n', at);
        at = end < 0 ? body.Length : end + 1;
        var line = body.AsSpan(start..(end < 0 ? body.Length : end));
        return line.EndsWith("\r") ? line[..^1] : line;
    }

    private void NoteBreak(string body, int at)
    {
        if (at > 0 && body[at - 1] == '\n')
        {
            var isCrlf = at > 1 && body[at - 2] == '\r';
            _hasCrlf |= isCrlf;
            _hasLf |= !isCrlf;
        }
    }

    // The line break before a boundary belongs to the boundary.
    private int WithoutBreak(string body, int start, int end)
    {
        NoteBreak(body, end);
        if (end > start && body[end - 1] == '\n')
        {
            end--;
            if (end > start && body[end - 1] == '\r')
            {
                end--;
            }
        }

        return end;
    }

    /// <summary>Where the part's content begins.</summary>
    private int ReadHeaders(string body, ref int at)
    {
        _headers.Clear();
        while (at < body.Length)
        {
            var line = NextLine(body, ref at, out _);
            NoteBreak(body, at);
            if (line.IsEmpty)
            {
                break;
            }

            if (line[0] is ' ' or '\t')
            {
                transaction.SetFlag(Variable.MultipartHeaderFolding);
                if (_headers.Count == 0 || line.Trim(" \t").IsEmpty)
                {
                    transaction.SetFlag(Variable.MultipartInvalidHeaderFolding);
                }
                else
                {
                    _headers[^1] += string.Concat(" ", line.TrimStart(" \t"));
                }
            }
            else
            {
                _headers.Add(line.ToString());
            }
        }

        return at;
    }

    private void AddPart(string body, int start, int end)
    {
        var disposition = new ContentDisposition();
        foreach (var header in _headers)
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                transaction.FailBody("Multipart: Invalid part header (colon missing).");
            }
            else if (header.AsSpan(0, colon).Trim(" \t").Equals("Content-Disposition", StringComparison.OrdinalIgnoreCase)
                && !disposition.Read(header[(colon + 1)..]))
            {
                transaction.FailBody("Multipart: Invalid Content-Disposition header.");
            }
        }

        if (disposition.HasInvalidQuoting)
        {
            transaction.SetFlag(Variable.MultipartInvalidQuoting);
        }

        if (disposition.Name is not { } name)
        {
            transaction.SetFlag(Variable.MultipartInvalidPart);
            name = "";
        }

        foreach (var header in _headers)
        {
            transaction.Add(Variable.MultipartPartHeaders, new Value(name, header));
        }

        transaction.Add(Variable.MultipartName, new Value(name, name));
        if (disposition.FileName is { } file)
        {
            AddFile(name, file, body, start, end);
        }
        else if (!transaction.AddArgument(Variable.ArgsPost, name, body[start..end]))
        {
            transaction.FailBody("Multipart: too many arguments");
        }
    }

    private void AddFile(string name, string file, string body, int start, int end)
    {
        if (++_files > transaction.Settings.UploadFileLimit)
        {
            transaction.SetFlag(Variable.MultipartFileLimitExceeded);
            return;
        }

        _fileBytes += end - start;
        transaction.Add(Variable.MultipartFilename, new Value(name, file));
        transaction.Add(Variable.Files, new Value(name, file));
        transaction.Add(Variable.FilesNames, new Value(name, name));
        transaction.Add(Variable.FilesSizes, new Value(name, (end - start).ToString(CultureInfo.InvariantCulture)));
        transaction.Add(Variable.FilesTmpContent, new Value(name, body[start..end]));
    }
}
