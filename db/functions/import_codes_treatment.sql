/*
 * Import: what codes of medicines, vaccines and implants are here, by hand. RxNorm to ATC by active ingredient and route; CVX to the names of the
 * national calendar where a vaccine fills a slot of it, else to a name of its own; procedures of SNOMED CT that leave a device in
 * the body which a doctor has to know of at once. Run whenever this text changes.
 */
INSERT INTO concept_map (system, code, target_kind, target)
SELECT 'http://www.nlm.nih.gov/research/umls/rxnorm', v.code, 'atc', v.target
  FROM (VALUES
('313782', 'N02BE01', 'paracetamol 325 mg'), ('282464', 'N02BE01', 'paracetamol 160 mg'), ('198440', 'N02BE01', 'paracetamol 500 mg'),
('562251', 'J01CR02', 'amoxicillin, clavulanic acid'), ('308182', 'J01CA04', 'amoxicillin'), ('308192', 'J01CA04', 'amoxicillin'), ('723', 'J01CA04', 'amoxicillin'),
('834061', 'J01CE02', 'phenoxymethylpenicillin 250 mg'), ('834102', 'J01CE02', 'phenoxymethylpenicillin 500 mg'),
('311989', 'J01XE01', 'nitrofurantoin'), ('311995', 'J01XE01', 'nitrofurantoin'), ('10831', 'J01EE01', 'sulfamethoxazole, trimethoprim'),
('1870230', 'C01CA24', 'epinephrine, auto-injector'), ('1660014', 'C01CA24', 'epinephrine, injection'),
('997488', 'R06AX26', 'fexofenadine'), ('665078', 'R06AX13', 'loratadine'), ('477045', 'R06AB04', 'chlorphenamine'),
('316049', 'C03AA03', 'hydrochlorothiazide'), ('310798', 'C03AA03', 'hydrochlorothiazide'), ('315971', 'C03CA01', 'furosemide'), ('1719286', 'C03CA01', 'furosemide, injection'), ('313988', 'C03CA01', 'furosemide'),
('198405', 'M01AE01', 'ibuprofen 100 mg'), ('310965', 'M01AE01', 'ibuprofen 200 mg'), ('5640', 'M01AE01', 'ibuprofen'), ('849574', 'M01AE02', 'naproxen'), ('198014', 'M01AE02', 'naproxen'),
('1191', 'N02BA01', 'acetylsalicylic acid'), ('243670', 'B01AC06', 'acetylsalicylic acid 81 mg'), ('309362', 'B01AC04', 'clopidogrel'), ('855332', 'B01AA03', 'warfarin'),
('705129', 'C01DA02', 'glyceryl trinitrate'), ('834357', 'C01BD01', 'amiodarone, injection'), ('197604', 'C01AA05', 'digoxin'), ('866414', 'C07AB02', 'metoprolol'),
('197361', 'C08CA01', 'amlodipine'), ('314076', 'C09AA03', 'lisinopril'), ('29046', 'C09AA03', 'lisinopril'), ('312961', 'C10AA01', 'simvastatin'), ('259255', 'C10AA05', 'atorvastatin'),
('1190795', 'A03BA01', 'atropine, injection'), ('860975', 'A10BA02', 'metformin'), ('106892', 'A10AD01', 'insulin (human), intermediate with fast'), ('310325', 'B03AA07', 'ferrous sulfate'),
('1043400', 'R05X', 'paracetamol, dextromethorphan, doxylamine'), ('895994', 'R03BA05', 'fluticasone, inhaled'), ('745679', 'R03AC02', 'salbutamol, inhaled'),
('312617', 'H02AB07', 'prednisone'), ('105586', 'L04AX03', 'methotrexate'), ('583214', 'L01CD01', 'paclitaxel'), ('1736776', 'L01XA03', 'oxaliplatin'),
('751905', 'G03AB09', 'norgestimate, ethinylestradiol, sequential'), ('748856', 'G03AA12', 'drospirenone, ethinylestradiol'), ('748879', 'G03AA07', 'levonorgestrel, ethinylestradiol'),
('757594', 'G03AC01', 'norethisterone'), ('389221', 'G03AC08', 'etonogestrel, implant'), ('807283', 'G02BA03', 'intrauterine device with progestogen'),
('1094107', 'G04BX06', 'phenazopyridine'), ('608139', 'N06BA09', 'atomoxetine'), ('310436', 'N06DA04', 'galantamine'), ('996740', 'N06DX01', 'memantine'),
('563026', 'N05BA01', 'diazepam'), ('1153378', 'N03AE01', 'clonazepam'), ('308971', 'N03AF01', 'carbamazepine'), ('861467', 'N02AB02', 'pethidine')
       ) v (code, target, ingredient)
ON CONFLICT (system, code, target_kind, unit) DO UPDATE SET target = excluded.target;

/* Allergies to medicines, by the group that a doctor must not give. */
INSERT INTO concept_map (system, code, target_kind, target)
VALUES ('http://snomed.info/sct', '91936005', 'atc', 'J01C'), ('http://snomed.info/sct', '294505008', 'atc', 'J01CA04'), ('http://snomed.info/sct', '293586001', 'atc', 'N02BA01')
ON CONFLICT (system, code, target_kind, unit) DO UPDATE SET target = excluded.target;

INSERT INTO concept_map (system, code, target_kind, target, name_kk, name_ru, name_en)
SELECT 'http://hl7.org/fhir/sid/cvx', v.code, 'vaccine', v.target, v.name_kk, v.name_ru, v.name_en
  FROM (VALUES
('19', 'БЦЖ', 'Туберкулезге қарсы (БЦЖ)', 'Против туберкулёза (БЦЖ)', 'Tuberculosis (BCG)'),
('08', 'В гепатиті', 'В вирустық гепатитіне қарсы', 'Против вирусного гепатита B', 'Hepatitis B'),
('43', 'В гепатиті', 'В вирустық гепатитіне қарсы', 'Против вирусного гепатита B', 'Hepatitis B'),
('52', 'А гепатиті', 'А вирустық гепатитіне қарсы', 'Против вирусного гепатита A', 'Hepatitis A'),
('83', 'А гепатиті', 'А вирустық гепатитіне қарсы', 'Против вирусного гепатита A', 'Hepatitis A'),
('20', 'АбКДС', 'Көкжөтел, күл және сіреспеге қарсы (жасушасыз)', 'Против коклюша, дифтерии и столбняка (бесклеточная)', 'Diphtheria, tetanus and acellular pertussis'),
('115', 'АбКДС-М', 'Көкжөтел, күл және сіреспеге қарсы, ересектерге', 'Против коклюша, дифтерии и столбняка, для взрослых', 'Tetanus, diphtheria and acellular pertussis, for adults (Tdap)'),
('120', 'АбКДС+Hib+ИПВ', 'Көкжөтел, күл, сіреспе, гемофильді таяқша және полиомиелитке қарсы', 'Против коклюша, дифтерии, столбняка, гемофильной инфекции и полиомиелита', 'Diphtheria, tetanus, pertussis, Hib and poliomyelitis'),
('146', 'АбКДС+Hib+ВГВ+ИПВ', 'Көкжөтел, күл, сіреспе, гемофильді таяқша, В гепатиті және полиомиелитке қарсы', 'Против коклюша, дифтерии, столбняка, гемофильной инфекции, гепатита B и полиомиелита', 'Diphtheria, tetanus, pertussis, Hib, hepatitis B and poliomyelitis'),
('113', 'АДС-М', 'Күл және сіреспеге қарсы', 'Против дифтерии и столбняка', 'Tetanus and diphtheria'),
('02', 'ОПВ', 'Полиомиелитке қарсы, ішетін', 'Против полиомиелита, оральная', 'Poliomyelitis, oral'),
('10', 'ИПВ', 'Полиомиелитке қарсы, белсенділігі жойылған', 'Против полиомиелита, инактивированная', 'Poliomyelitis, inactivated'),
('49', 'Hib', 'Гемофильді инфекцияға қарсы (Hib)', 'Против гемофильной инфекции (Hib)', 'Haemophilus influenzae type b'),
('133', 'Пневмококк', 'Пневмококк инфекциясына қарсы', 'Против пневмококковой инфекции', 'Pneumococcal disease'),
('33', 'Пневмококк (ППВ-23)', 'Пневмококк инфекциясына қарсы, полисахаридті', 'Против пневмококковой инфекции, полисахаридная', 'Pneumococcal polysaccharide, 23-valent'),
('03', 'ҚҚП', 'Қызылша, қызамық және паротитке қарсы', 'Против кори, краснухи и паротита', 'Measles, mumps and rubella'),
('21', 'Желшешек', 'Желшешекке қарсы', 'Против ветряной оспы', 'Varicella'),
('121', 'Белдеме теміреткі', 'Белдеме теміреткіге қарсы', 'Против опоясывающего лишая', 'Herpes zoster'),
('62', 'АПВ (HPV)', 'Адам папилломасы вирусына қарсы', 'Против вируса папилломы человека', 'Human papillomavirus'),
('165', 'АПВ (HPV)', 'Адам папилломасы вирусына қарсы', 'Против вируса папилломы человека', 'Human papillomavirus'),
('114', 'Менингококк', 'Менингококк инфекциясына қарсы', 'Против менингококковой инфекции', 'Meningococcal disease'),
('119', 'Ротавирус', 'Ротавирус инфекциясына қарсы', 'Против ротавирусной инфекции', 'Rotavirus'),
('140', 'Тұмау', 'Тұмауға қарсы', 'Против гриппа', 'Influenza'),
('141', 'Тұмау', 'Тұмауға қарсы', 'Против гриппа', 'Influenza'),
('150', 'Тұмау', 'Тұмауға қарсы', 'Против гриппа', 'Influenza'),
('207', 'COVID-19 (mRNA-1273)', 'COVID-19 ауруына қарсы', 'Против COVID-19', 'COVID-19 (mRNA-1273)'),
('208', 'COVID-19 (BNT162b2)', 'COVID-19 ауруына қарсы', 'Против COVID-19', 'COVID-19 (BNT162b2)')
       ) v (code, target, name_kk, name_ru, name_en)
ON CONFLICT (system, code, target_kind, unit) DO UPDATE
   SET target = excluded.target, name_kk = excluded.name_kk, name_ru = excluded.name_ru, name_en = excluded.name_en;

INSERT INTO concept_map (system, code, target_kind, target)
SELECT 'http://snomed.info/sct', v.code, v.kind, v.target
  FROM (VALUES
('447365002', 'implant', 'defibrillator'), ('307280005', 'implant', 'pacemaker'), ('36969009', 'implant', 'stent'),
('609588000', 'implant', 'joint'), ('52734007', 'implant', 'joint'),
('72892002', 'pregnancy', 'normal pregnancy'),
('428191000124101', 'none', 'what was written down about a visit is no procedure'), ('430193006', 'none', 'what was written down about a visit is no procedure'),
('716186003', 'none', 'it says that no allergy is known'), ('160244002', 'none', 'it says that no allergy is known'), ('409137002', 'none', 'it says that no allergy is known'),
('429625007', 'none', 'it says that no allergy is known'), ('428607008', 'none', 'it says that no allergy is known'),
('308646001', 'none', 'a certificate of death has no place here')
       ) v (code, kind, target)
ON CONFLICT (system, code, target_kind, unit) DO UPDATE SET target = excluded.target;
