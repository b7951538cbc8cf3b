namespace FilterProxy.Filters.Waf.Detection;

/// <summary>The letters of the tokens read, folded: arithmetic on numbers to one number, runs of brackets to one, signs away.</summary>
internal ref struct SqlFingerprint(Span<byte> output)
{
    private readonly Span<byte> _output = output;
    private bool _full;

    public int Length { get; private set; }

    public void Add(SqlKind kind)
    {
        if (kind == SqlKind.End || _full)
        {
            return;
        }

        var letter = (byte)kind;
        var last = Length > 0 ? _output[Length - 1] : (byte)0;
        if (kind is SqlKind.Open or SqlKind.Close or SqlKind.Backslash && last == letter)
        {
            return;
        }

        if (kind == SqlKind.Number && Length >= 2 && last == (byte)SqlKind.Operator && _output[Length - 2] == (byte)SqlKind.Number)
        {
            Length--;
            return;
        }

        var isSign = (SqlKind)last is SqlKind.Operator or SqlKind.Logical or SqlKind.Compare or SqlKind.Open or SqlKind.Comma;
        if (kind == SqlKind.Operator && isSign)
        {
            return;
        }

        _full = Length == _output.Length;
        if (!_full)
        {
            _output[Length++] = letter;
        }
    }
}
