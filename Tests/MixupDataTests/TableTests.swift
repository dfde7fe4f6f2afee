import Foundation
import Testing

@testable import MixupData

@Suite("Tables")
struct TableTests {
    private func table(_ text: String) throws -> Table {
        try Table(bytes: Array(text.utf8), path: "t.csv")
    }

    private func expectRefusal(_ text: String, _ reason: String) {
        #expect {
            try table(text)
        } throws: { error in
            error is DataError && "\(error)".hasPrefix("t.csv: ") && "\(error)".contains(reason)
        }
    }

    @Test("Numbers come row by row, the last column is the label")
    func plain() throws {
        let table = try table("1,2.5,-3e2,cat\n0.125,+7,1234567936,dog\n")
        #expect(table.columnCount == 3)
        #expect(table.features == [1, 2.5, -300, 0.125, 7, 1_234_567_936])
        #expect(table.labels == ["cat", "dog"])
        #expect(table.lines == [1, 2])
    }

    @Test(
        "A header, blank lines, blanks, quotation marks, a byte order mark and CRLF change nothing",
        arguments: [
            "a,b,label\n1,2,x\n3,4,y\n", "\u{FEFF}1,2,x\n3,4,y", "1,2,x\r\n3,4,y\r\n",
            "\n1 , 2,x\n \t\n\n3,4 ,  y\n\n", "\"a\",\"b\",\"c\"\n\"1\",2,\"x\"\n3,\"4\",y\n",
            "\"first, column\",\"b\",c\n1,2,x\n3,4,y\n",
        ]
    )
    func spellings(_ text: String) throws {
        let table = try table(text)
        #expect(table.features == [1, 2, 3, 4])
        #expect(table.labels == ["x", "y"])
    }

    @Test("A label may hold blanks, commas and quotation marks where it is quoted")
    func quotedLabels() throws {
        let table = try table("1,\"big, \"\"old\"\" cat\"\n2,small dog\n")
        #expect(table.labels == ["big, \"old\" cat", "small dog"])
    }

    @Test("Small whole numbers are read exactly, by the quick way and by the other")
    func wholeNumbers() throws {
        let numbers = [0, 1, 9, 10, 255, 65_536, 9_999_999, 16_777_216]
        let table = try table(
            numbers.map { "\($0),0\($0),a\n" }.joined().replacing(",0", with: ",00000")
        )
        #expect(table.features == numbers.flatMap { [Float($0), Float($0)] })
    }

    @Test("A cell that is no finite number is refused with its line and column")
    func badCells() {
        for cell in ["", "?", "NA", "nan", "inf", "-inf", "1e99", "1 2", "one", "--1", "1_000"] {
            expectRefusal("x,y,z\n1,2,a\n1,\(cell),b\n", "line 3: column 2 holds '\(cell)'")
        }
    }

    @Test("A first line with some numbers is data, and its bad cell is refused")
    func firstLine() {
        expectRefusal("1,oops,a\n1,2,b\n", "line 1: column 2 holds 'oops'")
    }

    @Test("A row of another width is refused with its line")
    func width() {
        expectRefusal("1,2,a\n\n1,2,3,b\n", "line 3: there are 4 columns; above there are 3")
        expectRefusal("x,y,z\n1,2\n", "line 2: there are 2 columns; above there are 3")
    }

    @Test("A table without commas is refused with advice")
    func separator() {
        expectRefusal(
            "1;2;a\n",
            "line 1: there is one column; separate numbers and label with commas"
        )
    }

    @Test(
        "An empty table, and one with a header only, is refused",
        arguments: ["", "\n\n", "a,b\n"]
    )
    func empty(_ text: String) {
        expectRefusal(text, "the table is empty")
    }

    @Test("A missing label, an open quotation mark and a file that is no text are refused")
    func broken() {
        expectRefusal("1,2,\n", "line 1: the label in the last column is missing")
        expectRefusal("1,\"2,a\n", "line 1: a quotation mark is not closed")
        expectRefusal("1,2,a\u{0}\n", "this is not a text file")
        #expect(throws: DataError.self) {
            try Table(bytes: Array("1,2,".utf8) + [0xFF, 0xFE], path: "t.csv")
        }
    }

    @Test("A hostile cell is shortened in the message")
    func longCell() {
        #expect {
            try table("1,2,a\n1,\(String(repeating: "x", count: 100_000)),b\n")
        } throws: {
            "\($0)".count < 200
        }
    }
}

@Suite("Tables as data")
struct TableSourceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func load(_ train: String, _ test: String? = nil) throws -> DataSplits {
        var names = [try folder.write(train, to: "train.csv")]
        if let test { names.append(try folder.write(test, to: "test.csv")) }
        return try DataSource.load(names, dataDirectory: nil)
    }

    private func expectRefusal(_ train: String, _ test: String? = nil, _ words: String...) {
        #expect {
            try load(train, test)
        } throws: { error in
            error is DataError && words.allSatisfy { "\(error)".contains($0) }
        }
    }

    @Test("Two tables are training and test part, in the file's order")
    func two() throws {
        let splits = try load("1,2,0\n3,4,1\n", "5,6,1\n7,8,0\n9,9,1\n")
        #expect(splits.train.name == "train.csv")
        #expect(splits.test.name == "test.csv")
        #expect(splits.train.shape == [2])
        #expect(splits.train.labels == [0, 1])
        #expect(splits.test.labels == [1, 0, 1])
    }

    @Test("Whole-number classes are sorted by size, words by the alphabet")
    func classNames() throws {
        #expect(try load("1,10\n1,9\n1,-1\n", "1,9\n").train.classNames == ["-1", "9", "10"])
        #expect(try load("1,b\n1,10\n1,a\n", "1,a\n").train.classNames == ["10", "a", "b"])
        #expect(try load("1,0\n1,1\n1,2\n", "1,2\n").test.labels == [2])
    }

    @Test("A label written as 1.0 is the class 1")
    func decimals() throws {
        let splits = try load("1,0.0\n1,1.0\n1,2.0\n", "1,1\n")
        #expect(splits.train.classNames == ["0", "1", "2"])
        #expect(splits.test.labels == [1])
    }

    @Test("Columns are standardised by the training part; a constant one becomes 0 there")
    func standardised() throws {
        let splits = try load("1,0.1,a\n3,0.1,b\n", "5,1.1,a\n")
        #expect(try splits.train.minibatch([0, 1]).features == [-1, 0, 1, 0])
        let test = try splits.test.minibatch([0]).features
        #expect(abs(test[0] - 3) < 1e-6)
        #expect(abs(test[1] - 1) < 1e-6)
    }

    @Test("One table is divided, a quarter of every class for testing, always alike")
    func one() throws {
        let text = (0..<80).map { "\($0),\($0 % 5 == 0 ? "rare" : "common")\n" }.joined()
        let splits = try load(text)
        #expect(splits.train.name == "train.csv train")
        #expect(splits.train.classNames == ["common", "rare"])
        #expect(splits.train.classCounts == [48, 12])
        #expect(splits.test.classCounts == [16, 4])
        let again = try load(text)
        #expect(try again.test.minibatch(0..<20).features == splits.test.minibatch(0..<20).features)
        let measured = splits.train.measuredNormalization()
        #expect(splits.train.normalization == measured)
        #expect(splits.test.normalization == measured)
    }

    @Test("A packed table is read like a plain one")
    func packed() throws {
        let path = try folder.writePacked(
            Array("x,y\n1,a\n2,b\n3,a\n4,b\n".utf8),
            to: "iris.csv.gz"
        )
        let splits = try DataSource.load([path], dataDirectory: nil)
        #expect(splits.train.classCounts.reduce(0, +) == 3)
        #expect(splits.test.name == "iris.csv.gz test")
    }

    @Test("A class that only the test table has is refused with its line")
    func unknownClass() {
        expectRefusal("1,a\n1,b\n", "1,a\n1,c\n", "test.csv: line 2: the class 'c'", "train.csv")
        expectRefusal("1,0\n1,1\n", "1,2\n", "test.csv: line 1: the class '2'")
        expectRefusal("1,0\n1,1\n", "1,one\n", "test.csv: line 1: the class 'one'")
        expectRefusal("1,a\n1,b\n", "1,0\n", "test.csv: line 1: the class '0'")
    }

    @Test("Tables of different width are refused with both numbers")
    func widths() {
        expectRefusal("1,a\n1,b\n", "1,2,a\n", "test.csv: there are 2 columns", "train.csv has 1")
    }

    @Test("A measured quantity in the last column is refused: it is no class")
    func regression() {
        expectRefusal("1,23.7\n1,3\n", "1,3\n", "line 1: the label '23.7' is no class")
        expectRefusal("1,1\n1,3\n", "1,3\n1,0.5\n", "test.csv: line 2: the label '0.5' is no class")
        expectRefusal("1,1e300\n1,3\n", "1,3\n", "line 1: the label '1e300' is no class")
    }

    @Test("Column names that are numbers are not taken for an example")
    func numericHeader() {
        expectRefusal("0,1,label\n5,6,0\n7,8,1\n", nil, "line 1: the label is 'label'")
    }

    @Test("A table with one class, and a class with one row to divide, are refused")
    func tooFew() {
        expectRefusal("1,a\n2,a\n", nil, "every label is 'a'")
        expectRefusal("1,a\n2,a\n3,b\n", nil, "class 'b' has a single row")
    }

    @Test("Huge class numbers make no huge list of classes")
    func hugeLabels() throws {
        let splits = try load("1,0\n1,4000000000000\n", "1,0\n")
        #expect(splits.train.classNames == ["0", "4000000000000"])
    }
}
