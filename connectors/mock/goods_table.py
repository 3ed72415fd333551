# ruff: noqa: E501
"""The table behind `goods.py`, one block a sector.

Line 1: tradeKorea prefix | BuyKorea top | tradeKorea top | GobizKOREA top. Line 2: trade words. Line 3: certificates.
Line 4: modifiers (English:Korean). Then kinds: English names | Korean names | middle category | in Korean | HSK |
unit of sale, *pieces in it | US dollars from-to per unit of sale | values and their measure | option.
"""

SECTORS: tuple[str, ...] = (
    """BEA|Beauty|Cosmetics & Personal Care|화장품·미용 (Cosmetics)
    Cosmetic:코스메틱;Cosmetics:화장품;Beauty:뷰티;Bio:바이오
    EU_CPNP,KR_CGMP,US_FDA,INT_ISO22716,HALAL
    Centella:병풀;Hyaluronic:히알루론;Vitamin C:비타민C;Collagen:콜라겐;Aloe:알로에;Propolis:프로폴리스;Green Tea:녹차;Rice:쌀
    Face Cream;Moisture Cream|페이스 크림;수분크림|Skin Care|기초화장품|3304999000|PCS|3-12|30,50,80,100 ml|
    Serum;Ampoule|세럼;앰플|Skin Care|기초화장품|3304999000|PCS|4-15|20,30,50 ml|
    Sheet Mask;Facial Mask Pack|시트 마스크;마스크팩|Mask Packs|마스크팩|3304999000|BOXES*10|3-9|20,23,25,27 ml|
    Cleansing Foam;Foam Cleanser|클렌징 폼;폼 클렌저|Cleansing|세안제|3401301000|PCS|2-7|100,150,180 ml|
    Sunscreen;Sun Cream|자외선 차단제;선크림|Sun Care|자외선차단|3304991000|PCS|3-10|40,50,70 ml|
    Lip Tint;Lip Stain|립틴트;틴트|Make-up|색조화장품|3304100000|PCS|1.5-5|3,4,5 g|color
    Cushion Foundation;Cushion Compact|쿠션 파운데이션;쿠션 팩트|Make-up|색조화장품|3304999000|PCS|5-14|12,15 g|color
    Shampoo;Hair Shampoo|샴푸;헤어 샴푸|Hair Care|헤어케어|3305100000|PCS|2-8|300,500,1000 ml|
    Body Lotion;Body Milk|바디로션;바디밀크|Body Care|바디케어|3304999000|PCS|2-8|200,300,400 ml|""",
    """FOO|Food & Beverage|Food, Beverage & Agriculture|농식품 (Food)
    Food:식품;Foods:푸드;Farm:농산;F&B:에프앤비
    KR_HACCP,HALAL,US_FDA,KR_GAP,INT_ISO9001
    Spicy:매운;Sweet:달콤한;Roasted:구운;Organic:유기농;Traditional:전통;Low Sugar:저당;Honey:꿀;Garlic:마늘
    Seasoned Seaweed Snack;Seasoned Laver|조미김;김 스낵|Seaweed|김·해조류|2008995010|CARTONS*12|24-48|4,5,15,20 g|
    Red Ginseng Extract;Korean Red Ginseng Concentrate|홍삼농축액;홍삼 엑기스|Ginseng|인삼·홍삼|2106909099|BOXES|25-90|100,240,250 g|
    Kimchi;Cabbage Kimchi|배추김치;김치|Kimchi|김치|2005991000|KG|3-7|500,1000,5000 g|
    Instant Noodles;Ramyeon|라면;즉석면|Noodles|면류|1902301010|CARTONS*40|14-30|105,120,140 g|
    Rice Cake;Tteokbokki|쌀떡;떡볶이|Rice Cakes|떡류|1904909000|CARTONS*20|20-45|140,300,500 g|
    Gochujang;Red Pepper Paste|고추장;양념 고추장|Sauces|장류·소스|2103901030|PCS|2-9|200,500,1000 g|
    Soy Sauce;Brewed Soy Sauce|간장;양조간장|Sauces|장류·소스|2103100000|PCS|1.5-6|500,900,1800 ml|
    Citron Tea;Yuja Tea|유자차;유자청|Tea & Drinks|차·음료|2007991000|PCS|2.5-8|480,580,1000 g|
    Cheese Powder;Grated Cheese|치즈 분말;가루 치즈|Dairy|유제품|0406900000|KG|6-12|500,1000,2000 g|
    Frozen Octopus;Boiled Octopus|냉동 자숙문어;냉동 문어|Fishery|수산물|0307590000|KG|7-15|500,800,1000 g|
    Drip Bag Coffee;Drip Coffee|드립백 커피;드립 커피|Tea & Drinks|차·음료|0901210000|BOXES*10|4-11|8,10,12 g|
    Fresh Pear;Korean Pear|신선 배;배|Fruit|과일|0808300000|CARTONS*12|18-40|5,7.5,15 kg|""",
    """HEA|Health & Medical|Health & Medical|의료·건강 (Medical)
    Meditec:메디텍;Medical:메디칼;Healthcare:헬스케어;Bio:바이오
    KR_GMP,EU_CE,US_FDA,INT_ISO13485,KR_KC
    Disposable:일회용;Sterile:멸균;Soft:소프트;Portable:휴대용;Digital:디지털;Clinic:병원용;Home:가정용
    KF94 Face Mask;KF94 Mask|KF94 마스크;KF94 보건용 마스크|Masks|마스크|6307909000|BOXES*50|3-12|50,100 pcs|size
    Nitrile Gloves;Nitrile Examination Gloves|니트릴 장갑;니트릴 검진장갑|Gloves|의료장갑|4015120000|BOXES*100|4-9|100,200 pcs|size
    Dental Implant Fixture;Implant Fixture|임플란트 픽스처;치과 임플란트|Dental|치과용품|9021290000|PCS|25-70|3.5,4.0,4.5,5.0 mm|
    Blood Pressure Monitor;Sphygmomanometer|혈압계;자동 혈압계|Devices|의료기기|9018901000|PCS|18-55|22,32,42 cm|color
    Infrared Thermometer;Non-contact Thermometer|적외선 체온계;비접촉 체온계|Devices|의료기기|9025192090|PCS|9-30|32,99,199 memory|color
    Hydrocolloid Patch;Blemish Patch|하이드로콜로이드 패치;트러블 패치|Wound Care|상처관리|3005100000|BOXES*24|1.5-6|24,48,72 pcs|
    Syringe;Hypodermic Syringe|주사기;일회용 주사기|Consumables|의료소모품|9018311000|BOXES*100|4-12|1,3,5,10 ml|
    Vitamin Supplement;Multivitamin Tablets|비타민 보충제;멀티비타민|Supplements|건강보조|2106909099|BOXES*60|5-22|500,600,1000 mg|""",
    """ELE|Electronics|Electronics & Electrical|전기·전자 (Electronics)
    Lighting:조명;Electronics:전자;Electric:전기;Tech:테크
    KR_KC,EU_CE,EU_ROHS,US_UL
    Outdoor:옥외용;Indoor:실내용;Waterproof:방수;High Efficiency:고효율;Slim:슬림;Industrial:산업용;Dimmable:조광
    LED Floodlight;LED Flood Light|LED 투광등;LED 투광기|Lighting|조명|9405420000|PCS|18-90|50,100,150,200 W|
    LED Panel Light;LED Flat Panel|LED 평판등;LED 면조명|Lighting|조명|9405110000|PCS|12-45|30,40,50 W|
    LED Bulb;LED Lamp|LED 전구;LED 램프|Lighting|조명|8539520000|PCS|0.9-4|8,10,12,15 W|
    Power Adapter;AC/DC Adapter|전원 어댑터;어댑터|Power|전원장치|8504402099|PCS|2-9|12,24,36,65 W|
    Power Bank;Portable Charger|보조배터리;휴대용 충전기|Power|전원장치|8507600000|PCS|7-24|5000,10000,20000 mAh|color
    CCTV Camera;Security Camera|CCTV 카메라;보안 카메라|Security|보안|8525890000|PCS|25-120|2,4,5,8 MP|
    Bluetooth Speaker;Wireless Speaker|블루투스 스피커;무선 스피커|Audio|음향|8518220000|PCS|12-60|5,10,20,40 W|color
    USB Cable;Charging Cable|USB 케이블;충전 케이블|Cables|케이블|8544422000|PCS|0.6-3|0.5,1,1.5,2 m|color
    Solar Inverter;PV Inverter|태양광 인버터;인버터|Power|전원장치|8504409099|SETS|220-1500|3,5,10,20 kW|""",
    """MAC|Machinery|Machinery & Tools|기계·공구 (Machinery)
    Machinery:기계;Industry:산업;Engineering:엔지니어링;Precision:정밀
    EU_CE,INT_ISO9001,US_API,KR_KS
    Stainless Steel:스테인리스;Cast Iron:주철;Horizontal:횡형;Vertical:입형;High Pressure:고압;Automatic:자동;Compact:소형
    Centrifugal Pump;Volute Pump|원심펌프;볼류트 펌프|Pumps|펌프|8413702000|SETS|380-2600|0.75,1.5,2.2,3.7 kW|
    Gear Pump;Rotary Gear Pump|기어펌프;회전 기어펌프|Pumps|펌프|8413601000|SETS|240-1400|0.4,0.75,1.5 kW|
    Ball Valve;Flanged Ball Valve|볼밸브;플랜지 볼밸브|Valves|밸브|8481801000|PCS|8-140|15,25,50,80 mm|
    Air Compressor;Screw Compressor|공기압축기;스크루 컴프레서|Compressors|압축기|8414802000|SETS|450-5200|2.2,5.5,7.5,15 kW|
    Packaging Machine;Pouch Packing Machine|포장기;파우치 포장기|Packing|포장기계|8422403000|SETS|3500-26000|20,40,60 ppm|
    Water Filter Housing;Filter Housing|필터 하우징;정수 필터 하우징|Filters|여과기|8421210000|PCS|12-95|10,20,30 inch|
    Cordless Drill;Battery Drill|충전 드릴;무선 드릴|Power Tools|전동공구|8467211000|PCS|28-120|12,14.4,18,20 V|
    End Mill;Carbide End Mill|엔드밀;초경 엔드밀|Cutting Tools|절삭공구|8207701000|PCS|3-40|4,6,8,10,12 mm|
    Gear Reducer;Speed Reducer|감속기;기어 감속기|Transmission|동력전달|8483402000|SETS|70-680|10,20,30,50 ratio|""",
    """FAS|Fashion|Apparel & Accessories|패션·잡화 (Fashion)
    Textile:섬유;Apparel:어패럴;Fashion:패션;Knit:니트
    INT_OEKOTEX,KR_KC,INT_ISO9001
    Cotton:면;Wool Blend:울 혼방;Bamboo:대나무;Sports:스포츠;Winter:겨울용;Cooling:냉감;Recycled:재생
    Crew Socks;Cotton Socks|크루 양말;양말|Socks|양말|6115950000|PAIRS|0.6-2.5|220,250,270 mm|color
    T-Shirt;Round Neck T-Shirt|티셔츠;라운드 티셔츠|Tops|상의|6109101000|PCS|3-14|150,180,220 gsm|color
    Leggings;Yoga Leggings|레깅스;요가 레깅스|Bottoms|하의|6104630000|PCS|6-19|70,80,90 cm|color
    Baseball Cap;Sports Cap|볼캡;야구 모자|Headwear|모자|6505009010|PCS|2-9|56,58,60 cm|color
    Backpack;Travel Backpack|백팩;여행용 백팩|Bags|가방|4202921010|PCS|9-42|15,20,30,45 L|color
    Leather Wallet;Bifold Wallet|가죽 지갑;반지갑|Leather|가죽제품|4202311010|PCS|8-35|9,11,13 cm|color
    Knitted Scarf;Muffler|니트 스카프;머플러|Accessories|소품|6117101000|PCS|4-16|160,180,200 cm|color""",
    """TEX|Textiles & Materials|Textiles|섬유·원단 (Textiles)
    Textile:텍스타일;Fabric:원단;Fiber:화이버
    INT_OEKOTEX,INT_ISO9001
    Printed:날염;Dyed:염색;Stretch:스트레치;Coated:코팅;Flame Retardant:난연;Quick Dry:속건
    Polyester Fabric;Polyester Woven Fabric|폴리에스터 원단;폴리 직물|Fabrics|원단|5407610000|M|1.2-5|110,150,160 cm|color
    Cotton Fabric;Cotton Twill|면 원단;면 트윌|Fabrics|원단|5209320000|M|1.8-6|110,145,150 cm|color
    Nonwoven Fabric;Spunbond Nonwoven|부직포;스펀본드 부직포|Nonwovens|부직포|5603120000|ROLLS|18-75|30,50,80 gsm|
    Nylon Webbing;Webbing Tape|나일론 웨빙;웨빙 테이프|Narrow Fabrics|협폭직물|5806320000|ROLLS|6-30|20,25,38,50 mm|color
    Sewing Thread;Polyester Sewing Thread|재봉사;폴리 재봉사|Yarns|실|5401101000|BOXES*12|9-30|2500,4000,5000 m|color
    Synthetic Leather;PU Leather|합성피혁;PU 가죽|Leather Substitute|합성피혁|5903200000|M|2.5-9|0.8,1.0,1.2 mm|color""",
    """CHE|Chemicals|Chemicals & Materials|화학·소재 (Chemicals)
    Chem:켐;Chemical:케미칼;Materials:소재;Polymer:폴리머
    INT_ISO9001,EU_ROHS
    High Purity:고순도;Industrial Grade:공업용;Clear:투명;UV Resistant:내자외선;Two Component:2액형;Water Based:수성
    Polypropylene Resin;PP Resin|폴리프로필렌 수지;PP 수지|Polymer|폴리머|3902100000|TON|950-1400|3,12,25 MFR|
    Epoxy Adhesive;Epoxy Glue|에폭시 접착제;에폭시 본드|Adhesives|접착제|3506911000|KG|5-22|1,5,20 kg|
    Silicone Sealant;Sealant|실리콘 실란트;실란트|Adhesives|접착제|3214101000|PCS|1.2-5|270,300,500 ml|color
    Anti-corrosion Paint;Protective Coating|방청 도료;방식 도료|Paints|도료|3208101000|L|4-16|4,18,20 L|color
    Masterbatch;Colour Masterbatch|마스터배치;컬러 마스터배치|Polymer|폴리머|3206490000|KG|2-8|20,30,40 %|color
    Cleaning Agent;Industrial Cleaner|세정제;공업용 세정제|Cleaners|세정제|3402900000|L|1.5-6|1,4,20 L|
    Activated Carbon;Granular Activated Carbon|활성탄;입상 활성탄|Filtering|여과재|3802100000|KG|1.4-4|8,12,20 mesh|""",
    """HOM|Home & Living|Home & Garden|생활·가정 (Home)
    Living:리빙;Home:홈;Housewares:생활용품;Ware:웨어
    KR_KC,US_FDA,EU_CE
    Non-stick:논스틱;Ceramic:세라믹;Bamboo:대나무;Foldable:접이식;Stackable:적층형;Double Wall:이중벽;Mini:미니
    Frying Pan;Fry Pan|프라이팬;후라이팬|Cookware|조리도구|7615109000|PCS|6-28|20,24,28,30 cm|color
    Vacuum Tumbler;Insulated Tumbler|진공 텀블러;보온 텀블러|Drinkware|음료용기|9617001000|PCS|5-19|350,500,750 ml|color
    Food Container;Airtight Container|밀폐용기;식품 보관용기|Storage|보관용기|3924100000|SETS|4-18|500,1000,2000 ml|
    Memory Foam Pillow;Foam Pillow|메모리폼 베개;폼 베개|Bedding|침구|9404909000|PCS|9-34|8,10,12 cm|color
    Bath Towel;Cotton Towel|목욕 타월;면 수건|Bath|욕실|6302600000|PCS|2-9|130,150,180 g|color
    Scented Candle;Soy Candle|향초;소이 캔들|Fragrance|방향|3406000000|PCS|3-14|100,200,300 g|
    Knife Set;Kitchen Knife|칼 세트;주방 칼|Cookware|조리도구|8211920000|SETS|8-60|13,18,20 cm|
    Shower Filter;Filter Shower Head|샤워 필터;필터 샤워기|Bath|욕실|8421210000|PCS|7-26|3,5,7 stage|color""",
    """AUT|Automotive|Automobile & Parts|자동차·부품 (Automotive)
    Motors:모터스;Auto:오토;Automotive:자동차;Parts:부품
    INT_IATF16949,EU_EMARK,INT_ISO9001
    Front:앞;Rear:뒤;Heavy Duty:대형용;OEM:순정형;Ceramic:세라믹;Universal:범용
    Brake Pad;Disc Brake Pad|브레이크 패드;디스크 패드|Brakes|제동장치|8708301000|SETS|7-35|112,123,138,155 mm|
    Shock Absorber;Damper|쇼크 업소버;완충기|Suspension|현가장치|8708800000|PCS|14-60|280,320,350 mm|
    Oil Filter;Engine Oil Filter|오일 필터;엔진오일 필터|Filters|필터|8421230000|PCS|1.5-7|65,76,93 mm|
    Wiper Blade;Flat Wiper|와이퍼 블레이드;플랫 와이퍼|Exterior|외장|8512400000|PCS|1.5-6|400,450,550,650 mm|
    Car Battery;Lead-acid Battery|자동차 배터리;납축전지|Electrical|전장|8507100000|PCS|32-110|45,60,80,100 Ah|
    Wheel Bearing;Hub Bearing|휠 베어링;허브 베어링|Chassis|섀시|8482100000|PCS|6-38|35,40,45 mm|
    Dash Camera;Car DVR|블랙박스;차량용 블랙박스|Electrical|전장|8525890000|PCS|35-150|32,64,128 GB|""",
    """CON|Construction|Construction & Real Estate|건축·건설 (Construction)
    Construction:건설;Steel:철강;Building:건재;Window:창호
    KR_KS,EU_CE,INT_ISO9001
    Galvanized:아연도금;Insulated:단열;Fireproof:불연;Lightweight:경량;Decorative:장식;Reinforced:강화
    Sandwich Panel;Insulation Panel|샌드위치 패널;단열 패널|Panels|패널|7308909000|M2|12-40|50,75,100,150 mm|color
    Ceramic Tile;Porcelain Tile|세라믹 타일;자기질 타일|Tiles|타일|6907210000|M2|6-24|300,600,800 mm|color
    PVC Flooring;Vinyl Flooring|PVC 바닥재;비닐 장판|Flooring|바닥재|3918101000|M2|4-16|2,3,5 mm|
    Steel Pipe;Welded Steel Pipe|강관;용접 강관|Steel|철강재|7306301000|TON|700-1200|48.6,60.5,89.1 mm|
    Aluminium Window;Aluminum Window Frame|알루미늄 창호;알루미늄 창틀|Windows|창호|7610100000|SETS|60-320|1200,1500,1800 mm|color
    Waterproof Membrane;Waterproofing Sheet|방수 시트;방수재|Waterproofing|방수|6807101000|ROLLS|20-70|2,3,4 mm|
    Door Lock;Digital Door Lock|도어락;디지털 도어락|Hardware|철물|8301401000|PCS|38-160|30,42,60 mm|color""",
    """TOY|Baby & Toys|Toys & Baby|유아·완구 (Baby)
    Kids:키즈;Toys:토이;Baby:베이비;Edu:에듀
    KR_KC,EU_CE,US_FDA
    Silicone:실리콘;Wooden:원목;Musical:멜로디;Organic:유기농;Educational:교육용;Soft:소프트
    Baby Bib;Feeding Bib|턱받이;이유식 턱받이|Feeding|수유용품|3924909000|PCS|1.5-6|20,25,30 cm|color
    Baby Bottle;Feeding Bottle|젖병;수유병|Feeding|수유용품|3924100000|PCS|3-13|160,240,300 ml|
    Baby Wipes;Wet Wipes|물티슈;아기 물티슈|Hygiene|위생용품|3401190000|CARTONS*10|8-24|70,80,100 sheets|
    Building Blocks;Block Toy|블록 완구;조립 블록|Toys|완구|9503003411|SETS|7-40|100,200,500 pcs|
    Play Mat;Folding Play Mat|놀이매트;접이식 매트|Toys|완구|3926909000|PCS|28-120|120,140,200 cm|color
    Diapers;Disposable Diapers|기저귀;일회용 기저귀|Hygiene|위생용품|9619001010|BAGS*40|4-14|40,60,80 pcs|size
    Stroller;Baby Stroller|유모차;휴대용 유모차|Outing|외출용품|8715000000|PCS|60-260|15,18,22 kg|color""",
    """OFF|Office & Stationery|Office & School Supplies|사무·문구 (Office)
    Stationery:문구;Paper:제지;Office:오피스
    INT_FSC,KR_KC
    Hardcover:양장;Recycled:재생;Erasable:지워지는;Premium Grade:고급형;Color:컬러;Quick Dry:속건
    Notebook;Lined Notebook|노트;줄노트|Paper|지류|4820200000|PCS|0.8-4|80,100,160 sheets|color
    Gel Pen;Gel Ink Pen|젤펜;중성펜|Pens|필기구|9608101000|BOXES*12|3-11|0.38,0.5,0.7 mm|color
    Copy Paper;Printing Paper|복사지;인쇄용지|Paper|지류|4802562000|BOXES*5|12-26|70,75,80 gsm|
    Sticky Notes;Memo Pads|점착 메모지;메모지|Paper|지류|4820100000|BOXES*24|6-18|51,76,102 mm|color
    Desk Lamp;LED Desk Lamp|책상 스탠드;LED 스탠드|Desk|책상용품|9405210000|PCS|12-48|6,9,12 W|color
    Whiteboard;Magnetic Whiteboard|화이트보드;자석 칠판|Boards|보드|9610000000|PCS|9-70|600,900,1200 mm|""",
    """SPO|Sports & Leisure|Sports & Entertainment|스포츠·레저 (Sports)
    Sports:스포츠;Leisure:레저;Outdoor:아웃도어
    KR_KC,EU_CE,INT_ISO9001
    Carbon:카본;Lightweight:경량;Anti-slip:미끄럼방지;Professional:전문가용;Beginner:입문용;Foldable:접이식
    Yoga Mat;Exercise Mat|요가매트;운동매트|Fitness|피트니스|9506919000|PCS|5-24|6,8,10 mm|color
    Dumbbell;Rubber Dumbbell|덤벨;아령|Fitness|피트니스|9506919000|PCS|6-60|2,5,10,20 kg|
    Golf Glove;Golf Gloves|골프장갑;골프 글러브|Golf|골프|4203210000|PCS|3-12|21,23,25 size|color
    Fishing Rod;Spinning Rod|낚싯대;스피닝 로드|Fishing|낚시|9507101000|PCS|18-140|1.8,2.1,2.7,3.6 m|
    Camping Tent;Dome Tent|캠핑 텐트;돔 텐트|Camping|캠핑|6306220000|SETS|45-320|2,4,6 person|color
    Sleeping Bag;Camping Sleeping Bag|침낭;캠핑 침낭|Camping|캠핑|9404301000|PCS|18-95|800,1200,1600 g|color
    Bicycle Helmet;Cycling Helmet|자전거 헬멧;사이클 헬멧|Cycling|자전거|6506100000|PCS|14-60|54,58,62 cm|color""",
    """PAC|Packaging & Printing|Packaging & Printing|포장·인쇄 (Packaging)
    Pack:팩;Packaging:포장;Printing:인쇄
    INT_FSC,US_FDA,INT_ISO9001
    Kraft:크라프트;Transparent:투명;Biodegradable:생분해;Printed:인쇄;Resealable:지퍼형;Heavy Duty:후물
    Stand-up Pouch;Zipper Pouch|스탠드업 파우치;지퍼 파우치|Flexible|연포장|3923290000|BOXES*500|18-75|100,150,200 mm|
    Corrugated Box;Carton Box|골판지 상자;택배 상자|Paper Packing|지류포장|4819100000|PCS|0.4-3|250,350,450 mm|
    Stretch Film;Wrapping Film|스트레치 필름;랩핑 필름|Films|필름|3920101000|ROLLS|3-12|15,20,25 micron|
    Packing Tape;OPP Tape|포장 테이프;OPP 테이프|Tapes|테이프|3919101000|CARTONS*50|18-50|48,50,72 mm|
    Glass Bottle;Dropper Bottle|유리병;스포이드 병|Bottles|용기|7010901000|PCS|0.3-2|10,30,50,100 ml|color
    Cosmetic Tube;Plastic Tube|화장품 튜브;플라스틱 튜브|Bottles|용기|3923301000|PCS|0.15-1|30,50,100,150 ml|
    Label Sticker;Self-adhesive Label|라벨 스티커;점착 라벨|Labels|라벨|4821100000|ROLLS|4-22|30,50,100 mm|""",
    """AGR|Agriculture|Agriculture & Livestock|농축산·자재 (Agriculture)
    Agro:농자재;Green:그린;Seed:종묘;Farmtech:팜텍
    INT_ISO9001,KR_KS
    Greenhouse:온실용;Liquid:액상;Granular:입상;Hybrid:하이브리드;Organic:유기농;Automatic:자동
    Fertilizer;Compound Fertilizer|비료;복합 비료|Fertilizers|비료|3105200000|BAGS|9-30|10,20,25 kg|
    Pepper Seed;Hot Pepper Seed|고추 종자;고추씨|Seeds|종자|1209911000|BAGS|8-60|100,500,1000 grain|
    Drip Irrigation Tape;Drip Tape|점적 호스;점적 테이프|Irrigation|관수|3917320000|ROLLS|20-85|500,1000,2000 m|
    Greenhouse Film;PO Film|온실 필름;농업용 필름|Films|필름|3920101000|ROLLS|60-280|0.1,0.12,0.15 mm|
    Knapsack Sprayer;Backpack Sprayer|배부식 분무기;등짐 분무기|Implements|농기구|8424410000|PCS|18-80|10,16,20 L|
    Animal Feed Additive;Feed Additive|사료 첨가제;가축 사료 첨가제|Feed|사료|2309902000|KG|2-12|1,5,20 kg|""",
)
